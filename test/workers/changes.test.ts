/** What is changed while traffic passes is changed in all workers or in none. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { useCerts, type CertFiles } from '../helpers/certs.js';
import { carry, dial, dialReset, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess } from '../helpers/tap.js';
import { trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'msrptap-workers-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test('msrp_trace off: not one packet more from any worker, nor from one that is replaced; on: from all', async () => {
  const trace = await Trace.start('udp');
  const hop = await NextHop.start();
  const tap = await TapProcess.start({
    workers: 2,
    upstream: hop.url,
    trace,
    proto_hep: { hep_id: [`[homer]127.0.0.1:${trace.port};transport=udp`] },
  });
  const talks: Talk[] = [];
  for (let i = 0; i < 4; i += 1) {
    const { client, server } = await linkThrough(tap.socket, hop);
    talks.push(new Talk(client, server, 'hello'));
  }
  await eventually(() => trace.messages.length).toBeGreaterThan(40);
  expect(await tap.mi('msrp_trace', 'off')).toBe('OK');
  const sent = await tap.metric('hep_packets_total', { result: 'sent' });
  const exchanges = talks.map((talk) => talk.exchanges);
  await eventually(() => talks.every((talk, i) => talk.exchanges > (exchanges[i] ?? 0) + 10)).toBe(true);
  await Promise.all(talks.map((talk) => talk.stop()));
  expect(trace.packets.length).toBeLessThanOrEqual(sent);
  expect(await tap.metric('hep_packets_total', { result: 'sent' })).toBe(sent);

  const [victim = 0] = tap.workers();
  process.kill(victim, 'SIGKILL');
  await eventually(() => tap.logged('worker replaced')).toBe(1);
  for (let i = 0; i < 4; i += 1) {
    const { client, server } = await linkThrough(tap.socket, hop);
    await carry(new Chat().ask('hello'), client, server);
  }
  // Those that the dead one sent after it last told count no more.
  expect(await tap.metric('hep_packets_total', { result: 'sent' })).toBeLessThanOrEqual(sent);
  expect(await tap.metric('trace_on')).toBe(0);

  expect(await tap.mi('msrp_trace', 'on')).toBe('OK');
  const chats = [new Chat(), new Chat()];
  for (const chat of chats) {
    const { client, server } = await linkThrough(tap.socket, hop);
    await carry(chat.ask('hello'), client, server);
  }
  for (const { session } of chats) await eventually(() => trace.events({ Session: session }).length).toBeGreaterThan(0);
});

test('msrp_trace with a worker that hangs: an error that says so, and nothing has changed', async () => {
  const tap = await TapProcess.start({ workers: 2, proto_msrp: { trace_on: 1 } });
  const [hung = 0] = tap.workers();
  process.kill(hung, 'SIGSTOP');
  onTestFinished(() => void process.kill(hung, 'SIGKILL'));
  const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'msrp_trace', params: ['off'] });
  const { body } = await tap.http('/mi', call);
  expect(JSON.parse(body)).toMatchObject({
    error: {
      code: -32_000,
      data: expect.stringMatching(/^worker \d did not answer within 2000 ms; nothing was changed/),
    },
  });
  // The one who comes to the worker that hangs waits, the others do not.
  const clients = Array.from({ length: 12 }, () => dialReset(tap.socket));
  expect(await Promise.all([clients[10], clients[11]])).toEqual(['ECONNRESET', 'ECONNRESET']);
  // A scrape does not wait for it for long.
  expect(await tap.metric('trace_on')).toBe(1);
  process.kill(hung, 'SIGCONT');
  expect(await tap.mi('msrp_trace', 'off')).toBe('OK');
  expect(await tap.metric('trace_on')).toBe(0);
});

test('certificates: new ones everywhere, broken ones nowhere; session tickets are taken by all, across a reload', async () => {
  const directory = await scratch();
  const [certificate, private_key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const install = async (files: CertFiles): Promise<void> => {
    await copyFile(files.certificate, certificate);
    await copyFile(files.private_key, private_key);
  };
  await install(certs().server);
  const hop = await NextHop.start();
  const tap = await TapProcess.start({
    workers: 2,
    listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }],
    tls_mgm: { server_domain: { public: { certificate, private_key, verify_cert: 0 } } },
  });
  const options = { ...trusting(certs()), rejectUnauthorized: false };
  const subjects = async (): Promise<string[]> => {
    const peers = [await dial(tap.socket, options), await dial(tap.socket, options)];
    return peers.map(({ socket }) => String((socket as TLSSocket).getPeerCertificate().subject.CN));
  };
  expect(await subjects()).toEqual(['localhost', 'localhost']);

  const first = connectTls({ ...options, host: tap.socket.ip, port: tap.socket.port });
  onTestFinished(() => void first.destroy());
  const [session] = (await once(first, 'session')) as [Buffer];
  const resumed = async (): Promise<boolean[]> => {
    const peers = [await dial(tap.socket, { ...options, session }), await dial(tap.socket, { ...options, session })];
    return peers.map(({ socket }) => (socket as TLSSocket).isSessionReused());
  };
  expect(await resumed()).toEqual([true, true]);

  await install(certs().otherCa);
  tap.signal('SIGHUP');
  await eventually(() => tap.logged('configuration reloaded')).toBe(1);
  expect(await subjects()).toEqual(['other CA', 'other CA']);
  expect(await resumed()).toEqual([true, true]);

  await writeFile(certificate, '-----BEGIN CERTIFICATE-----\nnot this\n-----END CERTIFICATE-----\n');
  tap.signal('SIGHUP');
  await eventually(() => tap.logged('configuration not reloaded, the previous one stays in force')).toBe(1);
  expect(await subjects()).toEqual(['other CA', 'other CA']);
});

test('a filter: a new one everywhere, a broken one nowhere', async () => {
  const filters = await scratch();
  const file = join(filters, 'route.js');
  await writeFile(file, 'export default (_, { drop }) => drop();\n');
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await TapProcess.start({
    workers: 2,
    upstream: hop.url,
    trace,
    filters,
    proto_msrp: { trace_filter_route: 'route' },
  });
  /** How the next two connections, one for each worker, are decided on. */
  const decisions = async (decision: string): Promise<void> => {
    const before = await tap.metric('filter_decisions_total', { decision });
    for (let i = 0; i < 2; i += 1) {
      const { client, server } = await linkThrough(tap.socket, hop);
      await carry(new Chat().ask('hello'), client, server);
    }
    await eventually(() => tap.metric('filter_decisions_total', { decision })).toBe(before + 4);
  };
  await decisions('drop');
  // The files are watched: no signal is needed.
  await writeFile(file, 'export default (_, { exit }) => exit();\n');
  await eventually(() => tap.logged('filter reloaded')).toBeGreaterThan(0);
  await decisions('exit');
  await writeFile(file, 'export default (\n');
  await eventually(() => tap.logged('filter not reloaded, the previous one stays in force')).toBeGreaterThan(0);
  await decisions('exit');
});

test('a start that fails for every worker fails with its error', async () => {
  const filters = await scratch();
  await writeFile(join(filters, 'route.js'), 'throw new Error("not today");\n');
  const setup = { workers: 2, filters, proto_msrp: { trace_filter_route: 'route' } };
  await expect(TapProcess.start(setup)).rejects.toThrow(/exit 2: .*not today/s);
});
