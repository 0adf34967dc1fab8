/** HAProxy in front of msrptap and behind it, with the PROXY protocol between them. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { useCerts } from '../helpers/certs.js';
import { dial, NextHop } from '../helpers/endpoint.js';
import { Peer } from '../helpers/peer.js';
import { TapProcess, type Setup, type Settings } from '../helpers/tap.js';
import { tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { conversation, converse, hangUp, newSession } from './conversation.js';
import { startHaproxy } from './haproxy.js';

const certs = useCerts();

/** Where the client of the filter's test comes from: neither HAProxy nor msrptap does. */
const CLIENT = '127.0.0.5';
const ROUTE = `export default ({ direction, si, peer }, { drop }) => {
  if ((direction === 'accepted' ? si : peer.si) !== '${CLIENT}') drop();
};\n`;

/** The certificate of `server` with its key, in one file as HAProxy wants it. */
function pemFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'msrptap-pem-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { certificate, private_key } = certs().server;
  const file = join(directory, 'both.pem');
  writeFileSync(file, readFileSync(certificate, 'utf8') + readFileSync(private_key, 'utf8'));
  return file;
}

function startTap(listener: Settings, trace: Trace, more: Setup = {}): Promise<TapProcess> {
  return TapProcess.start({
    listeners: [{ socket: 'msrp:127.0.0.1:0', ...listener }],
    trace,
    tls_mgm: tlsDomains(certs()),
    ...more,
    proto_msrp: { trace_body: 'full', correlation_wait: 0, ...more.proto_msrp },
  });
}

/** Talks through everything, and has all of it mirrored between `client` and `destination`. */
async function talk(client: Peer, server: Peer, trace: Trace, destination: string): Promise<void> {
  const said = conversation(newSession());
  await converse(client, server, said);
  for (const { by, octets } of said) {
    const [from, to] = by === 'client' ? [client.address, destination] : [destination, client.address];
    expect(await trace.message(octets)).toMatchObject({ source: from, destination: to });
  }
}

describe.each(['send-proxy', 'send-proxy-v2'])('in front, with %s', (sends) => {
  test('the client is who connected to HAProxy', async () => {
    const [trace, hop] = [await Trace.start(), await NextHop.start()];
    const tap = await startTap({ upstream: hop.url, proxy_protocol: { from: ['127.0.0.0/8'] } }, trace);
    const front = await startHaproxy(tap.socket, { server: sends });
    const client = await dial(front);
    const server = await hop.accept();
    await talk(client, server, trace, hop.address);
    await trace.event({ Event: 'ACCEPTED', Source: client.address, Destination: formatEndpoint(tap.socket) });
    await trace.event({ Event: 'CONNECTED', Source: server.remote, Destination: hop.address });
    await hangUp(client, server);
    await trace.event({ Event: 'CLOSED', Leg: 'downstream', Source: client.address, Reason: 'peer_closed' });
  });

  test('with TLS inside, which HAProxy passes on', async () => {
    const [trace, hop] = [await Trace.start(), await NextHop.start()];
    const listener = { socket: 'msrps:127.0.0.1:0', upstream: hop.url, proxy_protocol: { from: ['127.0.0.1'] } };
    const tap = await startTap(listener, trace);
    const front = await startHaproxy(tap.socket, { server: sends });
    const client = await dial(front, trusting(certs()));
    await talk(client, await hop.accept(), trace, hop.address);
    expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Protocol: 'MSRPS', Source: client.address });
  });

  test('with TLS that HAProxy itself speaks to msrptap, the header before it', async () => {
    const [trace, hop] = [await Trace.start(), await NextHop.start()];
    const listener = { socket: 'msrps:127.0.0.1:0', upstream: hop.url, proxy_protocol: { from: ['127.0.0.1'] } };
    const tap = await startTap(listener, trace);
    const front = await startHaproxy(tap.socket, {
      server: `${sends} ssl verify required ca-file ${certs().ca.certificate}`,
    });
    const client = await dial(front);
    await talk(client, await hop.accept(), trace, hop.address);
    expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Protocol: 'MSRPS', Source: client.address });
  });

  test('where it is not named in proxy_protocol.from, it is refused', async () => {
    const [trace, hop] = [await Trace.start(), await NextHop.start()];
    const tap = await startTap({ upstream: hop.url, proxy_protocol: { from: ['192.0.2.0/24'] } }, trace);
    const client = await dial(await startHaproxy(tap.socket, { server: sends }));
    await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'proxy_header_forbidden' });
    expect(await client.end).toMatch(/^(?:fin|rst)$/);
    expect(hop.unclaimed).toBe(0);
  });
});

/** The header of version 1 with which HAProxy tells its own next hop what it was told. */
async function headerOf(server: Peer, client: Peer, dialled: string): Promise<void> {
  const [clientPort, [ip = '', port = '']] = [client.address.split(':')[1], dialled.split(':')];
  const header = `PROXY TCP4 127.0.0.1 ${ip} ${clientPort} ${port}\r\n`;
  expect((await server.receive(header.length)).toString()).toBe(header);
}

describe.each([1, 2])('behind, with send_proxy: %i', (send_proxy) => {
  test('HAProxy is told the client, and what it dialled', async () => {
    const [trace, hop] = [await Trace.start(), await NextHop.start()];
    const behind = await startHaproxy(hop, { bind: 'accept-proxy', server: 'send-proxy' });
    const tap = await startTap({ upstream: `msrp:${formatEndpoint(behind)}`, send_proxy }, trace);
    const client = await dial(tap.socket);
    const server = await hop.accept();
    await headerOf(server, client, formatEndpoint(tap.socket));
    await talk(client, server, trace, formatEndpoint(behind));
  });

  test('over TLS that HAProxy ends, the header before it', async () => {
    const [trace, hop] = [await Trace.start(), await NextHop.start()];
    const behind = await startHaproxy(hop, { bind: `accept-proxy ssl crt ${pemFile()}`, server: 'send-proxy' });
    const tap = await startTap({ upstream: `msrps:${formatEndpoint(behind)}`, send_proxy }, trace);
    const client = await dial(tap.socket);
    const server = await hop.accept();
    await headerOf(server, client, formatEndpoint(tap.socket));
    await talk(client, server, trace, formatEndpoint(behind));
    expect(await trace.event({ Event: 'CONNECTED' })).toMatchObject({ Protocol: 'MSRPS', Status: 'SUCCESS' });
  });

  test.each([1, 2])(
    'and another in front, with %i worker(s): to filters too the client is the client',
    async (workers) => {
      const filters = mkdtempSync(join(tmpdir(), 'msrptap-filters-'));
      onTestFinished(() => rmSync(filters, { recursive: true }));
      writeFileSync(join(filters, 'route.js'), ROUTE);
      const [trace, hop] = [await Trace.start(), await NextHop.start()];
      const behind = await startHaproxy(hop, { bind: 'accept-proxy', server: 'send-proxy' });
      const listener = {
        upstream: `msrp:${formatEndpoint(behind)}`,
        send_proxy,
        proxy_protocol: { from: ['127.0.0.1'] },
      };
      const proto_msrp = { trace_filter_route: 'route' };
      const tap = await startTap(listener, trace, { workers, filters, proto_msrp });
      const front = await startHaproxy(tap.socket, { server: 'send-proxy-v2' });
      const raw = connect({ host: front.ip, port: front.port, localAddress: CLIENT, allowHalfOpen: true });
      onTestFinished(() => void raw.destroy());
      await once(raw, 'connect');
      const client = new Peer(raw);
      const server = await hop.accept();
      const header = `PROXY TCP4 ${CLIENT} 127.0.0.1 ${raw.localPort} ${front.port}\r\n`;
      expect((await server.receive(header.length)).toString()).toBe(header);
      await talk(client, server, trace, formatEndpoint(behind));
      await trace.event({ Event: 'ACCEPTED', Source: client.address });
      await trace.event({ Event: 'CONNECTED', Destination: formatEndpoint(behind) });
    },
  );
});
