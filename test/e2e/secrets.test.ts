/** Whatever happens, no secret is told: not in logs, not by check, not over MI, not in metrics. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startCli, startCliWith, type RunningCli } from '../commands/cli.js';
import { exchange, get, postMi } from '../control/http-client.js';
import { useCerts } from '../helpers/certs.js';
import { DatagramCaller } from '../helpers/datagram.js';
import { endpointOf, type LogLine } from '../helpers/tap.js';

const certs = useCerts();

const AUTH_KEY = 'hush-the-key-of-homer';
const INPUT_KEY = 'hush-the-key-of-sip';
const METRICS_TOKEN = 'hush-only-for-scrapers';
/** What a filter module knows of whom it looks for. */
const FILTER_TEXT = 'hush-they-are-listened-to';
const TOKENS = { token: 'hush-written-in-yaml', token_file: 'hush-filed-elsewhere', environment: 'hush-environmental' };
/** What a caller sends by mistake is a secret too: of another machine, or nearly the right one. */
const WRONG = 'hush-of-another-machine';

/** The lines of a key, as PEM has them. */
async function keyLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
  expect(lines.length).toBeGreaterThan(1);
  return lines;
}

const said = ({ out, err }: RunningCli): string => [...out.all, ...err.all].join('\n');

async function finished(cli: RunningCli): Promise<string> {
  await cli.exited;
  return said(cli);
}

/** Everything that MI can be asked, with and without parameters that mean something. */
async function askAll(port: number, token: string): Promise<string> {
  const headers = { Authorization: `Bearer ${token}` };
  const call = async (method: string, params?: readonly unknown[]): Promise<string> =>
    (await postMi(port, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), headers)).body;
  const methods = JSON.parse(await call('which')) as { readonly result: readonly string[] };
  expect(methods.result).toContain('tls_list');
  const answers = [await call('get_statistics', [['all']]), await call('nothing', [AUTH_KEY.slice(4)])];
  for (const method of methods.result) answers.push(await call(method));
  const metrics = await get(port, '/metrics', { headers });
  expect(metrics.status).toBe(200);
  return [...answers, metrics.body].join('\n');
}

/** Requests that fail in every way there is. */
async function askWrongly(port: number): Promise<string> {
  const headers = { Authorization: `Bearer ${WRONG}` };
  const replies = [await postMi(port, WRONG, headers), await get(port, `/metrics?token=${WRONG}`, { headers })];
  expect(replies.map(({ status }) => status)).toEqual([401, 401]);
  const raw = await exchange(port, `GET /${WRONG} HTTP/1.1\r\nHost: ${WRONG}\r\nConnection: close\r\n\r\n`);
  const broken = await exchange(port, `${WRONG}\r\n\r\n`);
  return [...replies.map(({ body }) => body), raw, broken].join('\n');
}

test.each([
  [1, 'token'],
  [2, 'token_file'],
  [2, 'environment'],
] as const)('workers: %d, token from: %s', async (workers, source) => {
  const directory = await mkdtemp(join(tmpdir(), 'msrptap-secrets-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'msrptap.yaml');
  const key = join(directory, 'key.pem');
  const token = TOKENS[source];
  await copyFile(certs().server.private_key, key);
  await writeFile(join(directory, 'token'), `${TOKENS.token_file}\n`, { mode: 0o600 });
  const httpd = { token: { token }, token_file: { token_file: 'token' }, environment: {} }[source];
  const config = {
    listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: 'msrp:127.0.0.1:9' }],
    proto_msrp: { trace_on: 1, trace_destination: 'homer', trace_filter_route: 'telling' },
    proto_hep: { hep_id: ['[homer]127.0.0.1:9;transport=tls'], hep_auth_key: AUTH_KEY },
    tls_mgm: {
      server_domain: { public: { certificate: certs().server.certificate, private_key: key, verify_cert: 0 } },
      client_domain: { homer: { ...certs().client, ca_list: certs().ca.certificate } },
    },
    hep_input: { socket: 'udp:127.0.0.1:0', auth_key: INPUT_KEY },
    mi_datagram: { socket_name: 'udp:127.0.0.1:0' },
    httpd: { port: 0, ...httpd },
    prometheus: { port: 0, token: METRICS_TOKEN },
    filters: '.',
    workers,
    log: { level: 'trace' },
  };
  // A filter module sees nothing of the environment's token.
  const module = join(directory, 'telling.js');
  await writeFile(
    module,
    `if (process.env.MSRPTAP_TOKEN) throw new Error(process.env.MSRPTAP_TOKEN);
const listenedTo = '${FILTER_TEXT}';
export default () => void listenedTo;
`,
  );
  await writeFile(file, JSON.stringify(config));
  const environment: Record<string, string> = source === 'environment' ? { MSRPTAP_TOKEN: token } : {};
  const msrptap = (...args: readonly string[]): RunningCli => startCliWith(environment, ...args, '-f', file);

  const tap = msrptap('run');
  const ready = JSON.parse(await tap.err.first(/"msg":"ready"/)) as LogLine;
  const { port } = endpointOf(String(ready['httpd']));
  const [socket = ''] = ready['sockets'] as readonly string[];
  const heard = [await askAll(port, token), await askWrongly(port)];
  const datagrams = await DatagramCaller.start(endpointOf(String(ready['mi_datagram']).replace('udp:', '')));
  heard.push(await datagrams.call('{"jsonrpc":"2.0","id":1,"method":"tls_list"}'), await datagrams.call(WRONG));
  // No TLS there, and a next hop that is not.
  await exchange(endpointOf(socket.replace('msrps:', '')).port, `MSRP ${WRONG} SEND\r\n\r\n`).catch(() => '');
  heard.push(await finished(startCli('mi', 'which', '--url', `http://127.0.0.1:${port}/mi`, '--token', WRONG)));
  heard.push(await finished(msrptap('check')));
  const [secretLine = ''] = await keyLines(key);
  // A module that cannot be read.
  await writeFile(module, `const listenedTo = '${FILTER_TEXT}' and;\n`);
  heard.push(await finished(msrptap('check')));
  tap.signal('SIGHUP');
  await tap.err.first(/filter not reloaded/);
  // A key that is broken, and one that is another file altogether.
  await writeFile(key, `-----BEGIN PRIVATE KEY-----\n${secretLine}\n-----END PRIVATE KEY-----\n`);
  tap.signal('SIGHUP');
  await tap.err.first(/configuration not reloaded/);
  heard.push(await finished(msrptap('check')), await finished(msrptap('run')));
  await writeFile(file, JSON.stringify({ ...config, proto_hep: { ...config.proto_hep, hep_auth_key: [AUTH_KEY] } }));
  heard.push(await finished(msrptap('check')), await finished(msrptap('run')));
  for (const wrong of [{ prometheus: { token: METRICS_TOKEN } }, { hep_input: { auth_key: INPUT_KEY } }]) {
    await writeFile(file, JSON.stringify({ ...config, ...wrong }));
    heard.push(await finished(msrptap('check')));
  }
  await writeFile(file, JSON.stringify({ ...config, httpd: { token: `${token} ` } }));
  heard.push(await finished(msrptap('check')));
  // As YAML that is no JSON, with a slip in it.
  await writeFile(file, `httpd:\n  token: |${token}\nproto_hep:\n  hep_auth_key: }${AUTH_KEY}\n`);
  heard.push(await finished(msrptap('check')), await finished(msrptap('mi', 'which')));
  tap.signal('SIGTERM');
  heard.push(await finished(tap));

  const all = heard.join('\n');
  expect(all).toContain('httpd.token: must be at least 16');
  expect(all).toContain('proto_hep.hep_auth_key: must be');
  expect(all).toContain('"msg":"HTTP request refused"');
  expect(all).toContain('"msg":"filter not reloaded');
  const keys = await Promise.all([certs().server.private_key, certs().client.private_key].map(keyLines));
  const secrets = [AUTH_KEY, INPUT_KEY, METRICS_TOKEN, FILTER_TEXT, ...Object.values(TOKENS), WRONG, ...keys.flat()];
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]);
  expect(forms.filter((secret) => all.includes(secret))).toEqual([]);
});
