/** The whole configuration anew, while connections stand: they keep what they began with, and those to come have the new. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formatEndpoint, type Endpoint } from '#src/lib/address.js';
import { carry, dial, dialReset, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { freeSocket } from '../helpers/free-socket.js';
import { TapProcess, type Setup } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'msrptap-reload-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

function listener(at: Endpoint, hop: NextHop): { readonly socket: string; readonly upstream: string } {
  return { socket: `msrp:${formatEndpoint(at)}`, upstream: hop.url };
}

const hep = (name: string, { port }: Trace): string => `[${name}]127.0.0.1:${port}`;

const keysOf = (answer: Awaited<ReturnType<TapProcess['reload']>>): readonly string[] =>
  (answer.result ?? answer.error?.data)?.Changed.map(({ Key }) => Key) ?? [];

test.each([1, 2])('workers: %d: listeners and next hops come, go and change', async (workers) => {
  const [kept, gone, added] = [await freeSocket(), await freeSocket(), await freeSocket()];
  const [first, second] = [await NextHop.start(), await NextHop.start()];
  const setup: Setup = { workers, listeners: [listener(gone, first), listener(kept, first)] };
  const tap = await TapProcess.start(setup);
  const onGone = await linkThrough(gone, first);
  const onKept = await linkThrough(kept, first);
  const chat = new Chat();
  await carry(chat.ask('before'), onGone.client, onGone.server);

  tap.configure({ ...setup, listeners: [listener(kept, second), listener(added, second)] });
  const answer = await tap.reload();
  expect(keysOf(answer).toSorted()).toEqual(
    [
      `listeners["${formatEndpoint(gone)}"]`,
      `listeners["${formatEndpoint(kept)}"].upstream`,
      `listeners["${formatEndpoint(added)}"]`,
    ].toSorted(),
  );
  expect(answer.result?.Changed).toContainEqual({
    Key: `listeners["${formatEndpoint(kept)}"].upstream`,
    Old: first.url,
    New: second.url,
  });
  for (const socket of [kept, added]) {
    const { client, server } = await linkThrough(socket, second);
    await carry(chat.ask('after'), client, server);
  }
  await expect(dial(gone)).rejects.toThrow('ECONNREFUSED');
  await carry(chat.ask('and still'), onGone.client, onGone.server);
  await carry(chat.ask('and still'), onKept.client, onKept.server);
  expect(await tap.metric('connections_total', { leg: 'downstream', result: 'success' })).toBe(4);
  expect(await tap.metric('upstream_dials_total', { upstream: second.url, result: 'success' })).toBe(2);
  expect(await tap.metric('config_reloads_total', { result: 'success' })).toBe(1);
});

test('a worker that is replaced has the configuration in force', async () => {
  const [at, added] = [await freeSocket(), await freeSocket()];
  const [first, second] = [await NextHop.start(), await NextHop.start()];
  const setup: Setup = { workers: 2, listeners: [listener(at, first)] };
  const tap = await TapProcess.start(setup);
  tap.configure({ ...setup, listeners: [listener(added, second), listener(at, second)] });
  await tap.reload();
  // What the file says by then is nobody's business.
  tap.configure(setup);
  for (const worker of tap.workers()) process.kill(worker, 'SIGKILL');
  await eventually(() => tap.logged('worker replaced')).toBe(2);
  for (const socket of [at, added]) {
    const { client, server } = await linkThrough(socket, second);
    await carry(new Chat().ask('after'), client, server);
  }
});

test.each([1, 2])('workers: %d: it is refused as a whole, and says why', async (workers) => {
  const directory = folder();
  const [at, taken] = [await freeSocket(), createServer().listen(0, '127.0.0.1')];
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const takenAt = { ip: '127.0.0.1', port: (taken.address() as AddressInfo).port };
  const [hop, other] = [await NextHop.start(), await NextHop.start()];
  const setup: Setup = { workers, listeners: [listener(at, hop)], filters: directory };
  const tap = await TapProcess.start(setup);
  /** The same with another next hop, which must not come in force. */
  const changed: Setup = { ...setup, listeners: [listener(at, other)] };
  writeFileSync(join(directory, 'broken.js'), 'export default (\n');
  const free = await freeSocket();
  const refusals: readonly (readonly [code: string, why: string | RegExp, setup: Setup])[] = [
    [
      'reload_refused',
      'nothing is changed, for this takes a restart: httpd.port, mi_fifo, workers',
      { ...changed, workers: workers + 1, httpd: { port: 1 }, mi_fifo: { fifo_name: join(directory, 'fifo') } },
    ],
    [
      'listen_failed',
      /another process listens there already/,
      { ...changed, listeners: [listener(at, other), listener(free, other), listener(takenAt, other)] },
    ],
    [
      'tls_domain_invalid',
      /nowhere\.pem/,
      {
        ...changed,
        listeners: [listener(at, other), { ...listener(free, other), socket: `msrps:${formatEndpoint(free)}` }],
        tls_mgm: { server_domain: { public: { certificate: '/nowhere.pem', private_key: '/nowhere.pem' } } },
      },
    ],
    ['filter_load_failed', /broken\.js/, { ...changed, proto_msrp: { trace_filter_route: 'broken' } }],
    ['config_invalid', /send_timeout/, { ...changed, proto_msrp: { send_timeout: 'soon' } }],
  ];
  for (const [index, [code, why, refused]] of refusals.entries()) {
    tap.configure(refused);
    const { error } = await tap.reload();
    expect(error).toMatchObject({ message: 'Not reloaded', data: { Code: code } });
    if (typeof why === 'string') expect(error?.data.Why).toBe(why);
    else expect(error?.data.Why).toMatch(why);
    const { client, server } = await linkThrough(at, hop);
    await carry(new Chat().ask('as before'), client, server);
    await expect(dial(free)).rejects.toThrow('ECONNREFUSED');
    expect(await tap.metric('config_reloads_total', { result: 'failure' })).toBe(index + 1);
    expect(await tap.metric('config_last_reload_successful')).toBe(0);
  }
  tap.configure(changed);
  tap.signal('SIGHUP');
  await eventually(() => tap.logged('configuration reloaded')).toBe(1);
  const { client, server } = await linkThrough(at, other);
  await carry(new Chat().ask('at last'), client, server);
  expect(await tap.metric('config_last_reload_successful')).toBe(1);
});

test.each([1, 2])(
  'workers: %d: destinations come, go and change; what is counted is not forgotten',
  async (workers) => {
    const hop = await NextHop.start();
    const [one, two, three] = [await Trace.start(), await Trace.start(), await Trace.start()];
    const setup = (destinations: readonly string[], hep_id: readonly string[]): Setup => ({
      workers,
      listeners: [{ socket: 'msrp:127.0.0.1:0', upstream: hop.url }],
      proto_msrp: { trace_on: 1, trace_destination: destinations },
      proto_hep: { hep_id, hep_auth_key: 'what nobody is told' },
    });
    const tap = await TapProcess.start(setup(['a', 'b'], [hep('a', one), hep('b', two)]));
    const { client, server } = await linkThrough(tap.socket, hop);
    const chat = new Chat();
    const before = chat.ask('before');
    await carry(before, client, server);
    await Promise.all([one.message(before), two.message(before)]);
    const sentToA = await tap.metric('hep_packets_total', { destination: 'a', result: 'sent' });

    tap.configure({
      ...setup(['a', 'c'], [hep('a', three), hep('c', two)]),
      proto_hep: { hep_id: [hep('a', three), hep('c', two)], hep_auth_key: 'nor this' },
    });
    const answer = await tap.reload();
    expect(keysOf(answer)).toEqual(['proto_msrp.trace_destination', 'proto_hep.hep_id', 'proto_hep.hep_auth_key']);
    expect(JSON.stringify(answer)).not.toContain('nobody is told');
    expect(answer.result?.Changed).toContainEqual({ Key: 'proto_hep.hep_auth_key', Old: '(secret)', New: '(secret)' });
    const after = chat.ask('after');
    await carry(after, client, server);
    await Promise.all([three.message(after), two.message(after)]);
    expect(one.messages).toHaveLength(1);
    await eventually(() => tap.metric('hep_packets_total', { destination: 'a', result: 'sent' })).toBeGreaterThan(
      sentToA,
    );
  },
);

test.each([1, 2])('workers: %d: another route, another body rule: of links to come', async (workers) => {
  const directory = folder();
  writeFileSync(join(directory, 'all.js'), 'export default (_, { exit }) => exit();\n');
  writeFileSync(join(directory, 'none.js'), 'export default (_, { drop }) => drop();\n');
  const [hop, trace] = [await NextHop.start(), await Trace.start()];
  const setup = (trace_filter_route: string, trace_body: string): Setup => ({
    workers,
    upstream: hop.url,
    trace,
    filters: directory,
    proto_msrp: { trace_filter_route, trace_body },
  });
  const tap = await TapProcess.start(setup('all', 'headers'));
  const old = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  await carry(chat.ask('hidden one'), old.client, old.server);
  await trace.until(({ payload }) => payload.includes('not mirrored'));

  tap.configure(setup('all', 'full'));
  expect(keysOf(await tap.reload())).toEqual(['proto_msrp.trace_body']);
  const next = await linkThrough(tap.socket, hop);
  const shown = new Chat().ask('shown');
  await carry(shown, next.client, next.server);
  await trace.message(shown);
  await carry(chat.ask('hidden two'), old.client, old.server);
  await eventually(() => trace.messages.length).toBe(3);
  expect(trace.messages.filter(({ payload }) => payload.includes('hidden'))).toEqual([]);

  tap.configure(setup('none', 'full'));
  expect(keysOf(await tap.reload())).toEqual(['proto_msrp.trace_filter_route']);
  const untraced = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('untraced'), untraced.client, untraced.server);
  await eventually(() => tap.metric('filter_decisions_total', { decision: 'drop' })).toBe(2);
  expect(await tap.metric('filter_decisions_total', { decision: 'exit' })).toBe(4);
  const more = new Chat().ask('still traced');
  await carry(more, next.client, next.server);
  await trace.message(more);
});

test.each([1, 2])(
  'workers: %d: tracing goes on and off with the file, and stays as MI has it otherwise',
  async (workers) => {
    const [hop, trace] = [await NextHop.start(), await Trace.start()];
    const setup = (proto_msrp: Record<string, unknown>): Setup => ({ workers, upstream: hop.url, trace, proto_msrp });
    const tap = await TapProcess.start(setup({ trace_on: 0 }));
    tap.configure(setup({ trace_on: 1 }));
    expect(keysOf(await tap.reload())).toEqual(['proto_msrp.trace_on']);
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });
    const { client, server } = await linkThrough(tap.socket, hop);
    const text = new Chat().ask('traced');
    await carry(text, client, server);
    await trace.message(text);
    await tap.mi('msrp_trace', 'off');
    tap.configure(setup({ trace_on: 1, idle_timeout: 7_000 }));
    expect(keysOf(await tap.reload())).toEqual(['proto_msrp.idle_timeout']);
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'off' });
  },
);

test.each([1, 2])('workers: %d: limits, who may ask, and what is logged', async (workers) => {
  const hop = await NextHop.start();
  const setup: Setup = { workers, upstream: hop.url };
  const tap = await TapProcess.start(setup);
  tap.configure({ ...setup, limits: { max_connections: 1 }, httpd: { token: 'not-for-the-first-comer' } });
  const answer = await tap.reload();
  expect(answer.result?.Changed).toEqual([
    { Key: 'httpd.token', Old: null, New: '(secret)' },
    { Key: 'limits.max_connections', Old: expect.any(Number), New: 1 },
  ]);
  expect((await tap.http('/metrics')).status).toBe(401);
  await linkThrough(tap.socket, hop);
  expect(await dialReset(tap.socket)).toBe('ECONNRESET');

  tap.configure({ ...setup, log: { level: 'debug' } });
  tap.signal('SIGHUP');
  await eventually(() => tap.logged('configuration reloaded')).toBe(2);
  await linkThrough(tap.socket, hop);
  await eventually(() => tap.logged('connected')).toBe(1);
  expect(await tap.metric('max_connections')).toBeGreaterThan(1);
});

test.each([1, 2])('workers: %d: tls_reload during a reload brings back nothing that was before it', async (workers) => {
  const directory = folder();
  const go = join(directory, 'go');
  const waiting = `while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5));`;
  const route = 'export default (_, { exit }) => exit();';
  writeFileSync(join(directory, 'late.js'), `import { existsSync } from 'node:fs';\n${waiting}\n${route}\n`);
  const setup: Setup = { workers, filters: directory };
  const tap = await TapProcess.start(setup);
  tap.configure({ ...setup, httpd: { token: 'that-holds-from-now-on' }, proto_msrp: { trace_filter_route: 'late' } });
  const reload = tap.reload();
  const certificates = tap.mi('tls_reload');
  // Answered after the others were begun.
  await tap.mi('ps');
  writeFileSync(go, '');
  expect((await reload).error).toBeUndefined();
  await certificates;
  expect((await tap.http('/metrics')).status).toBe(401);
});
