/** Connections that break on the way, on either side of msrptap: what arrived, who is told, and that nothing is left behind. */
import { expect, test } from 'vitest';
import { carry, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import type { Settings } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';
import { FaultProxy, type FaultyWay } from './fault-proxy.js';
import { note, recordAtEnd } from './figures.js';
import { Examined } from './holding.js';
import { expectBeginning, file, hangUp, SLACK, timed, type Link } from './scene.js';

/** Milliseconds: longer than a machine stands still for. */
const SEND_TIMEOUT = 3_000;
const HALF_CLOSE_TIMEOUT = 3_000;
const IDLE_TIMEOUT = 5_000;

const MESSAGE = 1_000_000;
const BREAK_AFTER = 300_000;

/** Megabytes, more than kernels hold between two ends of a link, and octets that msrptap may hold of them. */
const LONG = 20;
const HELD = 5_000_000;
/** Milliseconds that a slow reader rests after each read. */
const REST = 12;
/** Shorter than they take for all of it. */
const PATIENCE = 3_000;

type Side = 'client' | 'next hop';

interface Scene {
  readonly examined: Examined;
  readonly link: () => Promise<Link>;
}

const TIMEOUTS = {
  send_timeout: SEND_TIMEOUT,
  half_close_timeout: HALF_CLOSE_TIMEOUT,
  idle_timeout: IDLE_TIMEOUT,
};

/** Links with a fault on one of their sides. */
async function scene(side: Side, way: FaultyWay, timeouts: Settings = {}): Promise<Scene> {
  const proto_msrp = { ...TIMEOUTS, ...timeouts };
  const hop = await NextHop.start();
  if (side === 'next hop') {
    const proxy = await FaultProxy.start(hop, way);
    const examined = await Examined.start({ upstream: proxy.url, proto_msrp });
    return { examined, link: () => linkThrough(examined.tap.socket, hop) };
  }
  const examined = await Examined.start({ upstream: hop.url, proto_msrp });
  const proxy = await FaultProxy.start(examined.tap.socket, way);
  return { examined, link: () => linkThrough(proxy.socket, hop) };
}

function readSlowly({ socket }: Peer): void {
  socket.on('data', () => {
    socket.pause();
    setTimeout(() => socket.resume(), REST);
  });
}

recordAtEnd();

test.for<[string, Side, FaultyWay]>([
  ['pieces of 500 octets, from the client', 'client', { up: { split: 500 }, down: { split: 500 } }],
  ['pieces of 500 octets, to the next hop', 'next hop', { up: { split: 500 }, down: { split: 500 } }],
  ['20 ms more each way, from the client', 'client', { up: { delay: 20 }, down: { delay: 20 } }],
  ['20 ms more each way, to the next hop', 'next hop', { up: { delay: 20 }, down: { delay: 20 } }],
])('%s: all arrives, in both directions', async ([name, side, way]) => {
  const { examined, link } = await scene(side, way);
  const { grown } = await examined.leavesNothing(async () => {
    const { client, server } = await link();
    const chat = new Chat();
    for (let i = 0; i < 3; i += 1) {
      await carry(file(chat, MESSAGE), client, server);
      await carry(chat.tell('so it is'), server, client);
    }
    hangUp({ client, server });
  });
  note(name, { survived: 'all arrives, nothing is closed', lost: 0, detected: null, grown });
});

test.for<[string, Side]>([
  ['the client is reset in the middle of a message', 'client'],
  ['the next hop is reset in the middle of a message', 'next hop'],
])('%s: the other side is reset too, and has the beginning', async ([name, side]) => {
  const { examined, link } = await scene(side, { up: { resetAfter: BREAK_AFTER } });
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    const { client, server } = await link();
    const sent = file(new Chat(), MESSAGE);
    const time = await timed(async () => {
      client.send(sent);
      expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    });
    expectBeginning(server.rest(), sent);
    return time;
  });
  expect(detected).toBeLessThan(SLACK);
  note(name, { survived: 'both sides are reset', lost: null, detected, grown });
});

test('a client that ends in the middle of a message: all that it sent arrives, then the end', async () => {
  const { examined, link } = await scene('client', { up: { cutAfter: BREAK_AFTER } });
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    const { client, server } = await link();
    const sent = file(new Chat(), MESSAGE);
    const time = await timed(async () => {
      client.send(sent);
      expect(await server.end).toBe('fin');
      const arrived = server.rest();
      expect(arrived).toHaveLength(BREAK_AFTER);
      expectBeginning(arrived, sent);
      expect(await client.end).toBe('rst');
    });
    hangUp({ client, server });
    return time;
  });
  expect(detected).toBeLessThan(HALF_CLOSE_TIMEOUT + SLACK);
  note('the client ends in the middle of a message', {
    survived: 'the end is passed on behind all octets; the rest ends after half_close_timeout (3,000)',
    lost: 0,
    detected,
    grown,
  });
});

test.for<Side>(['client', 'next hop'])(
  'a %s that takes nothing any more: send_timeout tells both sides',
  async (side) => {
    const stalled = { stallAfter: BREAK_AFTER };
    const { examined, link } = await scene(side, side === 'client' ? { down: stalled } : { up: stalled });
    const { result: detected, grown } = await examined.leavesNothing(async () => {
      const { client, server } = await link();
      const [from, to] = side === 'client' ? [server, client] : [client, server];
      const chat = new Chat();
      const time = await timed(async () => {
        // More than the kernels hold between here and there.
        for (let i = 0; i < 20; i += 1) from.send(file(chat, MESSAGE));
        expect(await from.end).toBe('rst');
      });
      await eventually(() => to.octets).toBe(BREAK_AFTER);
      hangUp({ client, server });
      return time;
    });
    expect(detected).toBeGreaterThanOrEqual(SEND_TIMEOUT);
    expect(detected).toBeLessThan(SEND_TIMEOUT + SLACK);
    note(`the ${side} takes nothing any more`, {
      survived: 'send_timeout (3,000) resets both sides',
      lost: 0,
      detected,
      grown,
    });
  },
);

test.for<Side>(['client', 'next hop'])('a %s that reads slowly: it is waited for, in little memory', async (side) => {
  const { examined, link } = await scene(side, {}, { send_timeout: PATIENCE, idle_timeout: 10_000 });
  const { result: took, grown } = await examined.leavesNothing(async () => {
    const { client, server } = await link();
    const [from, to] = side === 'client' ? [server, client] : [client, server];
    const chat = new Chat();
    const sent = Buffer.concat(Array.from({ length: LONG }, () => file(chat, MESSAGE)));
    const before = (await examined.holding()).octets;
    readSlowly(to);
    const time = await timed(async () => {
      const arrived = to.receive(sent.length);
      from.send(sent);
      await eventually(() => to.octets).toBeGreaterThan(sent.length / 4);
      expect((await examined.holding()).octets - before).toBeLessThan(HELD);
      expect((await arrived).equals(sent), 'arrived unchanged').toBe(true);
    });
    hangUp({ client, server });
    return time;
  });
  expect(took).toBeGreaterThan(PATIENCE);
  note(`the ${side} reads slowly, for longer than send_timeout`, {
    survived: 'it is waited for; not more than 5 MB are held for it',
    lost: 0,
    detected: null,
    grown,
  });
});

test.for<[string, Side]>([
  ['the client is there no more, and nobody says so', 'client'],
  ['the next hop is there no more, and nobody says so', 'next hop'],
])('%s: idle_timeout tells the other side', async ([name, side]) => {
  // All chats' messages of one kind have one length.
  const hello = new Chat().ask('hello');
  // Each direction ends in silence behind the first message.
  const { examined, link } = await scene(side, { up: { stallAfter: hello.length }, down: { stallAfter: 1 } });
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    const { client, server } = await link();
    await carry(hello, client, server);
    const time = await timed(async () => {
      client.send(new Chat().ask('is anybody there?'));
      expect(await (side === 'client' ? server : client).end).toBe('rst');
    });
    hangUp({ client, server });
    return time;
  });
  expect(detected).toBeLessThan(IDLE_TIMEOUT + SLACK);
  note(name, { survived: 'idle_timeout (5,000) resets the other side', lost: 0, detected, grown });
});

test('all of this together, again and again: nothing is left', async () => {
  const ROUNDS = 15;
  const hop = await NextHop.start();
  const examined = await Examined.start({ upstream: hop.url, proto_msrp: { ...TIMEOUTS, send_timeout: 300 } });
  const ways: readonly FaultyWay[] = [
    { up: { resetAfter: BREAK_AFTER } },
    { up: { cutAfter: BREAK_AFTER } },
    { up: { split: 500, resetAfter: 20_000 } },
    { down: { resetAfter: 100 } },
  ];
  const proxies = await Promise.all(ways.map((way) => FaultProxy.start(examined.tap.socket, way)));
  const { grown } = await examined.leavesNothing(async () => {
    for (let i = 0; i < ROUNDS; i += 1) {
      for (const { socket } of proxies) {
        const both = await linkThrough(socket, hop);
        const chat = new Chat();
        both.client.send(file(chat, MESSAGE));
        both.server.send(chat.tell('x'.repeat(500)));
        await both.server.end;
        hangUp(both);
      }
    }
  });
  note(`resets and ends in the middle of messages, ${ROUNDS * ways.length} times`, {
    survived: 'nothing is left',
    lost: null,
    detected: null,
    grown,
  });
});
