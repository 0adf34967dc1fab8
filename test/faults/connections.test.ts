/** Connections that break on the way, on either side of msrptap: what arrived, who is told, and that nothing is left behind. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { carry, dial, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { TapProcess } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';
import { FaultProxy, type FaultyWay } from './fault-proxy.js';
import { note, recordAtEnd } from './figures.js';

/** Milliseconds. */
const SEND_TIMEOUT = 1_000;
const HALF_CLOSE_TIMEOUT = 1_000;
const IDLE_TIMEOUT = 4_000;
/** What a loaded machine may add to them. */
const SLACK = 5_000;

const MESSAGE = 1_000_000;
const BREAK_AFTER = 300_000;

type Side = 'client' | 'next hop';

interface Scene {
  readonly tap: TapProcess;
  readonly hop: NextHop;
  readonly client: Peer;
  readonly server: Peer;
  readonly proxy: FaultProxy;
}

const TIMEOUTS = {
  send_timeout: SEND_TIMEOUT,
  half_close_timeout: HALF_CLOSE_TIMEOUT,
  idle_timeout: IDLE_TIMEOUT,
};

/** A link with a fault on one of its sides. */
async function scene(side: Side, way: FaultyWay): Promise<Scene> {
  const hop = await NextHop.start();
  if (side === 'next hop') {
    const proxy = await FaultProxy.start(hop, way);
    const tap = await TapProcess.start({ upstream: proxy.url, proto_msrp: TIMEOUTS });
    return { tap, hop, proxy, ...(await linkThrough(tap.socket, hop)) };
  }
  const tap = await TapProcess.start({ upstream: hop.url, proto_msrp: TIMEOUTS });
  const proxy = await FaultProxy.start(tap.socket, way);
  return { tap, hop, proxy, ...(await linkThrough(proxy.socket, hop)) };
}

function file(chat: Chat): Buffer {
  return chat.ask({ type: 'application/octet-stream', body: randomBytes(MESSAGE) });
}

/** What arrived has to be the beginning of what was sent. */
function expectBeginning(arrived: Buffer, sent: Buffer): void {
  expect(sent.subarray(0, arrived.length).equals(arrived), 'arrived unchanged').toBe(true);
}

recordAtEnd();

test.each<[string, Side, FaultyWay]>([
  ['pieces of 500 octets, from the client', 'client', { up: { split: 500 }, down: { split: 500 } }],
  ['pieces of 500 octets, to the next hop', 'next hop', { up: { split: 500 }, down: { split: 500 } }],
  ['20 ms more each way, from the client', 'client', { up: { delay: 20 }, down: { delay: 20 } }],
  ['20 ms more each way, to the next hop', 'next hop', { up: { delay: 20 }, down: { delay: 20 } }],
])('%s: all arrives, in both directions', async (name, side, way) => {
  const { client, server } = await scene(side, way);
  const chat = new Chat();
  for (let i = 0; i < 3; i += 1) {
    await carry(file(chat), client, server);
    await carry(chat.tell('so it is'), server, client);
  }
  note(name, { survived: 'all arrives, nothing is closed', lost: 0, detected: null });
});

test.each<[string, Side]>([
  ['the client is reset in the middle of a message', 'client'],
  ['the next hop is reset in the middle of a message', 'next hop'],
])('%s: the other side is reset too, and has the beginning', async (name, side) => {
  const { client, server } = await scene(side, { up: { resetAfter: BREAK_AFTER } });
  const sent = file(new Chat());
  const startedAt = performance.now();
  client.send(sent);
  expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
  const detected = performance.now() - startedAt;
  expect(detected).toBeLessThan(SLACK);
  expectBeginning(server.rest(), sent);
  note(name, { survived: 'both sides are reset', lost: null, detected });
});

test('a client that ends in the middle of a message: all that it sent arrives, then the end', async () => {
  const { client, server } = await scene('client', { up: { cutAfter: BREAK_AFTER } });
  const sent = file(new Chat());
  const startedAt = performance.now();
  client.send(sent);
  expect(await server.end).toBe('fin');
  const arrived = server.rest();
  expect(arrived).toHaveLength(BREAK_AFTER);
  expectBeginning(arrived, sent);
  expect(await client.end).toBe('rst');
  const detected = performance.now() - startedAt;
  expect(detected).toBeLessThan(HALF_CLOSE_TIMEOUT + SLACK);
  note('the client ends in the middle of a message', {
    survived: 'the end is passed on behind all octets; the rest ends after half_close_timeout (1,000)',
    lost: BREAK_AFTER - arrived.length,
    detected,
  });
});

test('a next hop that takes nothing any more: send_timeout tells both sides', async () => {
  const { client, server } = await scene('next hop', { up: { stallAfter: BREAK_AFTER } });
  const chat = new Chat();
  const startedAt = performance.now();
  // More than the kernels hold between here and there.
  for (let i = 0; i < 20; i += 1) client.send(file(chat));
  expect(await client.end).toBe('rst');
  const detected = performance.now() - startedAt;
  expect(detected).toBeGreaterThanOrEqual(SEND_TIMEOUT);
  expect(detected).toBeLessThan(SEND_TIMEOUT + SLACK);
  expect(server.octets).toBe(BREAK_AFTER);
  note('the next hop takes nothing any more', {
    survived: 'send_timeout (1,000) resets both sides',
    lost: 0,
    detected,
  });
});

test.each<[string, Side]>([
  ['the client is there no more, and nobody says so', 'client'],
  ['the next hop is there no more, and nobody says so', 'next hop'],
])('%s: idle_timeout tells the other side', async (name, side) => {
  const chat = new Chat();
  const hello = chat.ask('hello');
  // Each direction ends in silence behind the first message.
  const { client, server } = await scene(side, { up: { stallAfter: hello.length }, down: { stallAfter: 1 } });
  await carry(hello, client, server);
  const startedAt = performance.now();
  client.send(chat.ask('is anybody there?'));
  expect(await (side === 'client' ? server : client).end).toBe('rst');
  const detected = performance.now() - startedAt;
  expect(detected).toBeLessThan(IDLE_TIMEOUT + SLACK);
  note(name, { survived: 'idle_timeout (4,000) resets the other side', lost: 0, detected });
});

test('after all of this again and again, descriptors and memory are what they were', async () => {
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url, proto_msrp: { ...TIMEOUTS, send_timeout: 300 } });
  const ways: readonly FaultyWay[] = [
    { up: { resetAfter: BREAK_AFTER } },
    { up: { cutAfter: BREAK_AFTER } },
    { up: { split: 500, resetAfter: 20_000 } },
    { down: { resetAfter: 100 } },
  ];
  const proxies = await Promise.all(ways.map((way) => FaultProxy.start(tap.socket, way)));
  const round = async (): Promise<void> => {
    for (const { socket } of proxies) {
      const accepted = hop.accept();
      const client = await dial(socket);
      const server = await accepted;
      const chat = new Chat();
      client.send(file(chat));
      server.send(chat.tell('x'.repeat(500)));
      await server.end;
      server.reset();
      client.reset();
    }
  };
  const rounds = async (count: number): Promise<{ readonly memory: number; readonly descriptors: number }> => {
    for (let i = 0; i < count; i += 1) await round();
    await eventually(() => tap.metric('connections')).toBe(0);
    return { memory: tap.memory().now, descriptors: readdirSync(`/proc/${tap.pid}/fd`).length };
  };
  // The heap finds its size first.
  const before = await rounds(30);
  const after = await rounds(30);
  expect(after.memory - before.memory).toBeLessThan(5);
  // A connection of this test to the HTTP port may be open still.
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 1);
});
