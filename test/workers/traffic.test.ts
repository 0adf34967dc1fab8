/** Two workers under one control process: what they share, and what becomes of the links when one dies. */
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { carry, dial, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess, type Setup } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const start = (setup: Setup): Promise<TapProcess> => TapProcess.start({ workers: 2, ...setup });

interface Linked {
  readonly client: Peer;
  readonly server: Peer;
}

const hasEnded = ({ client }: Linked): boolean => client.socket.readableEnded || client.error !== null;

async function links(tap: TapProcess, hop: NextHop, count: number): Promise<Linked[]> {
  const all: Linked[] = [];
  for (let i = 0; i < count; i += 1) all.push(await linkThrough(tap.socket, hop));
  return all;
}

const shareOf = (tap: TapProcess, worker: string): Promise<number> => tap.metric('worker_connections', { worker });

/** Everything that ends in _total, by series. */
async function counters(tap: TapProcess): Promise<Map<string, number>> {
  const { body } = await tap.http('/metrics');
  const lines = body.split('\n').filter((line) => /^msrptap_\w+_total[ {]/.test(line));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('connections are shared evenly, and the ids of links are unique', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url, trace });
  expect(tap.logged('ready')).toBe(1);
  const all = await links(tap, hop, 40);
  for (const { client, server } of all) await carry(new Chat().ask('hello'), client, server);
  expect([await shareOf(tap, '1'), await shareOf(tap, '2')]).toEqual([20, 20]);
  expect(await tap.metric('connections', { leg: 'downstream' })).toBe(40);
  expect(await tap.metric('requests_total', { method: 'SEND' })).toBe(40);
  await eventually(() => trace.events({ Event: 'ACCEPTED' }).length).toBe(40);
  expect(new Set(trace.events({ Event: 'ACCEPTED' }).map(({ Link }) => Link)).size).toBe(40);
  const { body } = await tap.http('/metrics');
  expect(body.match(/^msrptap_build_info/gm)).toHaveLength(1);
  expect(body.match(/^msrptap_trace_on /gm)).toHaveLength(1);
});

test('kill -9 of a worker ends its links alone; it is replaced, and no counter goes back', async () => {
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url });
  const all = await links(tap, hop, 8);
  const talks = all.map(({ client, server }) => new Talk(client, server, 'hello'));
  await eventually(() => talks.every(({ exchanges }) => exchanges > 3)).toBe(true);

  let previous = await counters(tap);
  const scrape = async (): Promise<void> => {
    const next = await counters(tap);
    for (const [series, value] of previous) expect(next.get(series), series).toBeGreaterThanOrEqual(value);
    previous = next;
  };
  const [victim = 0, survivor] = tap.workers();
  process.kill(victim, 'SIGKILL');
  for (let i = 0; i < 5; i += 1) await scrape();
  await eventually(() => tap.metric('worker_restarts_total')).toBe(1);
  await eventually(() => tap.metric('workers')).toBe(2);
  await scrape();
  expect(tap.workers()).toContain(survivor);
  await eventually(() => tap.log).toContainEqual(
    expect.objectContaining({ msg: 'worker ended; it is replaced', pid: victim, signal: 'SIGKILL', links: 4 }),
  );

  await eventually(() => all.filter(hasEnded).length).toBe(4);
  const living = talks.filter((_, i) => all.some((link, j) => i === j && !hasEnded(link)));
  const before = living.map(({ exchanges }) => exchanges);
  await eventually(() => living.every(({ exchanges }, i) => exchanges > (before[i] ?? 0) + 3)).toBe(true);
  await Promise.all(living.map((talk) => talk.stop()));
  // The new one takes its share, which is most of what comes now: the other has four already.
  const more = await links(tap, hop, 4);
  for (const { client, server } of more) await carry(new Chat().ask('hello'), client, server);
  const [replaced, other] = [await shareOf(tap, '1'), await shareOf(tap, '2')];
  expect(replaced + other).toBe(8);
  expect(replaced).toBeGreaterThanOrEqual(2);
  await scrape();
});

test('a port stays bound while no worker lives: who comes then waits', async () => {
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url });
  for (const pid of tap.workers()) process.kill(pid, 'SIGKILL');
  await eventually(() => tap.logged('worker ended; it is replaced')).toBe(2);
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
});

test('max_connections holds over all workers, and what ends makes room', async () => {
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url, limits: { max_connections: 50 } });
  const sockets: Socket[] = [];
  let resets = 0;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < 150; i += 1) {
    const socket = connect({ port: tap.socket.port, host: tap.socket.ip });
    socket.on('error', () => (resets += 1));
    sockets.push(socket);
  }
  await eventually(() => resets).toBe(100);
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(50);
  await eventually(() => tap.metric('connection_failures_total', { reason: 'max_connections' })).toBe(100);
  sockets.find((socket) => !socket.destroyed)?.resetAndDestroy();
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(49);
  await dial(tap.socket);
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(50);
});

test('connections_per_source holds over all workers; what ends makes room, and what dies with its worker', async () => {
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url, limits: { connections_per_source: 6 } });
  const all = await links(tap, hop, 6);
  expect([await shareOf(tap, '1'), await shareOf(tap, '2')]).toEqual([3, 3]);
  const refused = (): Promise<number> => tap.metric('limits_reached_total', { limit: 'connections_per_source' });
  // It may be reset before the connect is told of.
  const end = (): Promise<string> =>
    dial(tap.socket).then(
      (client) => client.end,
      () => 'rst',
    );
  expect(await end()).toBe('rst');
  await eventually(refused).toBe(1);

  all[0]?.client.raw.resetAndDestroy();
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(5);
  await linkThrough(tap.socket, hop);
  expect(await end()).toBe('rst');

  const [worker = 0] = tap.workers();
  process.kill(worker, 'SIGKILL');
  await eventually(() => tap.logged('worker replaced')).toBe(1);
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(3);
  await links(tap, hop, 3);
  expect(await end()).toBe('rst');
});

test('a drain ends the links of all workers, and all processes', async () => {
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url });
  const pids = tap.workers();
  const all = await links(tap, hop, 4);
  for (const { client, server } of all) await carry(new Chat().ask('hello'), client, server);
  tap.signal('SIGTERM');
  expect(await Promise.all(all.map(({ client }) => client.end))).toEqual(['fin', 'fin', 'fin', 'fin']);
  for (const { client, server } of all) {
    client.finish();
    server.finish();
  }
  expect(await tap.exited).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(tap.logged('stopped')).toBe(1);
});

test('a second signal stops all at once', async () => {
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url, drain_timeout: 60_000 });
  const all = await links(tap, hop, 4);
  for (const { client, server } of all) await carry(new Chat().open('text/plain').head, client, server);
  tap.signal('SIGTERM');
  await eventually(() => tap.logged('draining')).toBe(1);
  tap.signal('SIGTERM');
  expect(await Promise.all(all.map(({ client }) => client.end))).toEqual(['rst', 'rst', 'rst', 'rst']);
  expect(await tap.exited).toBe(0);
});

test('kill -9 of the control process leaves no worker behind, and no link a clean end', async () => {
  const hop = await NextHop.start();
  const tap = await start({ upstream: hop.url });
  const pids = tap.workers();
  const all = await links(tap, hop, 2);
  for (const { client, server } of all) await carry(new Chat().ask('hello'), client, server);
  tap.signal('SIGKILL');
  expect(await Promise.all(all.flatMap(({ client, server }) => [client.end, server.end]))).toEqual(
    Array.from({ length: 4 }, () => 'rst'),
  );
  await eventually(() => pids.filter(isAlive)).toEqual([]);
});
