/** What the demo says. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Endpoint, formatEndpoint } from '../lib/address.js';
import { writeRequest } from '../msrp/writer.js';

export interface Scene {
  readonly proxy: Endpoint;
  readonly httpd: string;
  readonly bob: Endpoint;
  readonly homer: Endpoint;
  readonly configFile: string;
}

export function introduction({ proxy, httpd, bob, homer, configFile }: Scene): string {
  return `
msrptap demo: everything runs here, on loopback

  MSRP client ──► msrptap msrp:${formatEndpoint(proxy)} ──► MSRP endpoint ${formatEndpoint(bob)}
                     │
                     └─ HEP ──► receiver ${formatEndpoint(homer)}, in Homer's place: it prints what it gets

  MI and metrics: http://${httpd}    configuration: ${configFile}

What the receiver gets while Alice talks to Bob:
`;
}

export interface Counts {
  readonly packets: number;
  readonly events: number;
  readonly messages: number;
}

export function summary({ packets, events, messages }: Counts, { proxy, httpd, bob }: Scene): string {
  const mi = `${command()} mi --url http://${httpd}/mi`;
  return `
${packets} packets: ${events} events of connections, ${messages} messages.

It goes on, and prints what comes. Try, in another terminal:

  a message of your own
    ${pasteableSend(bob)} | nc -w 1 ${proxy.ip} ${proxy.port}
  what was counted
    curl -s http://${httpd}/metrics | grep msrptap_
  is tracing on? off, and on again
    ${mi} msrp_trace
    ${mi} msrp_trace off
    ${mi} msrp_trace trace_mode=on

Ctrl-C ends it.
`;
}

/** How a shell in this folder calls msrptap; it may be installed, or built here. */
function command(): string {
  const cli = relative('', fileURLToPath(new URL('../cli.js', import.meta.url)));
  if (/(?:^|\/)node_modules\//.test(cli)) return 'msrptap';
  return `node ${/^[\w./-]+$/.test(cli) ? cli : `'${cli.replaceAll("'", String.raw`'\''`)}'`}`;
}

/** A SEND as printf(1) writes it: nothing in it needs more than its line ends escaped. */
function pasteableSend(to: Endpoint): string {
  const text = 'Hello from my terminal';
  const message = writeRequest({
    transactionId: 'mine0001',
    method: 'SEND',
    toPath: `msrp://${formatEndpoint(to)}/my-session;tcp`,
    fromPath: 'msrp://127.0.0.1:9/me;tcp',
    headers: [
      ['Message-ID', '1'],
      ['Byte-Range', `1-${text.length}/${text.length}`],
    ],
    contentType: 'text/plain',
    body: text,
  });
  return `printf '${message.toString('latin1').replaceAll('\r\n', String.raw`\r\n`)}'`;
}
