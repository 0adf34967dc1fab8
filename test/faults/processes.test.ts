/** Processes that stand still or are killed: each party, msrptap itself, one of its workers. */
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { startPipe } from '../helpers/bulk.js';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { ReceiverProcess } from '../helpers/hep.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess, type Setup } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';
import { note, recordAtEnd } from './figures.js';
import { Examined } from './holding.js';
import { converse, file, hangUp, pause, SLACK, timed, type Link } from './scene.js';

/** Milliseconds: longer than a machine stands still for. */
const SEND_TIMEOUT = 3_000;
/** That a process stands still for, longer and shorter than that. */
const LONG = 4_000;
const SHORT = 400;
/** For what a kernel holds to be full, or to be taken. */
const SOON = 40_000;

type Side = 'client' | 'next hop';
const SIDES: readonly Side[] = ['client', 'next hop'];

recordAtEnd();

test('msrptap itself is stopped for longer than send_timeout: it closes nobody for that', async () => {
  const hop = await NextHop.start();
  const examined = await Examined.start({ upstream: hop.url, proto_msrp: { send_timeout: SEND_TIMEOUT } });
  const { tap } = examined;
  const { grown } = await examined.leavesNothing(async () => {
    const { client, server } = await linkThrough(tap.socket, hop);
    const chat = new Chat();
    await carry(chat.ask('before'), client, server);
    process.kill(tap.pid, 'SIGSTOP');
    const during = file(chat, 3_000_000);
    client.send(during);
    await pause(LONG);
    process.kill(tap.pid, 'SIGCONT');
    expect((await server.receive(during.length)).equals(during)).toBe(true);
    await carry(chat.ok(during), server, client);
    hangUp({ client, server });
  });
  note('msrptap stands still for 4 s (SIGSTOP)', {
    survived: 'it closes nobody, all arrives',
    lost: 0,
    detected: null,
    grown,
  });
});

interface Stoppable {
  readonly examined: Examined;
  /** A link with a process of its own on one side, which passes on what it reads. */
  readonly link: () => Promise<Link>;
  readonly pid: number;
}

async function stoppable(side: Side, proto_msrp: Setup['proto_msrp'] = {}): Promise<Stoppable> {
  const hop = await NextHop.start();
  if (side === 'next hop') {
    const { socket, pid } = await startPipe(hop.port);
    const examined = await Examined.start({ upstream: `msrp:${socket.ip}:${socket.port}`, proto_msrp });
    return { examined, pid, link: () => linkThrough(examined.tap.socket, hop) };
  }
  const examined = await Examined.start({ upstream: hop.url, proto_msrp });
  const { socket, pid } = await startPipe(examined.tap.socket.port);
  return { examined, pid, link: () => linkThrough(socket, hop) };
}

test.for(SIDES)('the %s is stopped for less than send_timeout: all arrives, and nobody is closed', async (side) => {
  const { examined, link, pid } = await stoppable(side, { send_timeout: 10_000 });
  const { grown } = await examined.leavesNothing(async () => {
    const both = await link();
    await converse(both);
    const chat = new Chat();
    process.kill(pid, 'SIGSTOP');
    // More than the kernels hold between here and there, each way.
    const [question, answer] = [file(chat, 10_000_000), chat.tell({ body: randomBytes(10_000_000), type: 'x/x' })];
    const all = Promise.all([carry(question, both.client, both.server), carry(answer, both.server, both.client)]);
    await pause(SHORT);
    process.kill(pid, 'SIGCONT');
    await all;
    hangUp(both);
  });
  note(`the ${side} stands still for 0.4 s (SIGSTOP)`, {
    survived: 'all arrives in both directions, nothing is closed',
    lost: 0,
    detected: null,
    grown,
  });
});

test.for(SIDES)('the %s is stopped for longer than send_timeout: the other side is reset, and it too', async (side) => {
  const { examined, link, pid } = await stoppable(side, { send_timeout: SEND_TIMEOUT });
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    const both = await link();
    await converse(both);
    const [stopped, other] = side === 'client' ? [both.client, both.server] : [both.server, both.client];
    const chat = new Chat();
    process.kill(pid, 'SIGSTOP');
    const time = await timed(async () => {
      for (let i = 0; i < 30; i += 1) other.send(chat.tell({ body: randomBytes(1_000_000), type: 'x/x' }));
      expect(await other.end).toBe('rst');
    });
    process.kill(pid, 'SIGCONT');
    // The process passes on that its other connection ended; how, is its own affair.
    await stopped.end;
    hangUp(both);
    return time;
  });
  expect(detected).toBeGreaterThanOrEqual(SEND_TIMEOUT);
  expect(detected).toBeLessThan(SEND_TIMEOUT + SLACK);
  note(`the ${side} stands still (SIGSTOP), and more is to be sent to it`, {
    survived: 'send_timeout (3,000) resets both sides',
    lost: null,
    detected,
    grown,
  });
});

test('the HEP receiver is stopped: the traffic does not wait for it', async () => {
  const receiver = await ReceiverProcess.start();
  onTestFinished(() => receiver.close());
  const hop = await NextHop.start();
  const examined = await Examined.start({ upstream: hop.url, trace: receiver });
  const { tap } = examined;
  let longest = 0;
  const { grown } = await examined.leavesNothing(async () => {
    const { client, server } = await linkThrough(tap.socket, hop);
    receiver.signal('SIGSTOP');
    const talk = new Talk(client, server, 'x'.repeat(10_000));
    await eventually(() => tap.metric('hep_queue_bytes'), SOON).toBeGreaterThan(500_000);
    await talk.stop();
    longest = Math.max(longest, talk.longest);
    receiver.signal('SIGCONT');
    hangUp({ client, server });
    await eventually(() => tap.metric('hep_queue_bytes'), SOON).toBe(0);
  });
  expect(longest).toBeLessThan(SLACK);
  // Of the last of them the receiver may know before the counter, or the other way round.
  await eventually(async () => {
    const { sent, ...others } = await tap.hepPackets();
    return { ...others, missing: sent - receiver.tally().packets };
  }, SOON).toEqual({ dropped: 0, failed: 0, maybe: 0, missing: 0 });
  note('the HEP receiver stands still (SIGSTOP)', {
    survived: 'packets wait, the traffic does not; all arrive',
    lost: 0,
    detected: null,
    grown,
  });
});

test('a worker is stopped: its links wait for it, the others do not, and new ones go elsewhere', async () => {
  const NEW = 6;
  const hop = await NextHop.start();
  const examined = await Examined.start({ upstream: hop.url, workers: 2 });
  const { tap } = examined;
  const { grown } = await examined.leavesNothing(async () => {
    // One each.
    const links = [await linkThrough(tap.socket, hop), await linkThrough(tap.socket, hop)];
    const [victim = 0] = tap.workers();
    process.kill(victim, 'SIGSTOP');
    const held = links.map((link) => converse(link));
    await Promise.race(held);
    const clients = await Promise.all(Array.from({ length: NEW }, () => dial(tap.socket)));
    const hello = new Chat().ask('hello');
    for (const client of clients) client.send(hello);
    const servers = [];
    // One of them may have been given to the worker that stands still before that was known.
    for (let i = 0; i < NEW - 1; i += 1) servers.push(await hop.accept());
    for (const server of servers) expect((await server.receive(hello.length)).equals(hello)).toBe(true);
    process.kill(victim, 'SIGCONT');
    servers.push(await hop.accept());
    await Promise.all(held);
    hangUp(...links);
    for (const peer of [...clients, ...servers]) peer.reset();
  });
  note('one of two workers stands still (SIGSTOP)', {
    survived: 'the links of the other are carried, new ones too; its own go on when it does',
    lost: 0,
    detected: null,
    grown,
  });
});

test('kill -9 of msrptap: both sides know at once', async () => {
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url });
  const { client, server } = await linkThrough(tap.socket, hop);
  await converse({ client, server });
  const detected = await timed(() => {
    tap.signal('SIGKILL');
    return Promise.all([client.end, server.end]);
  });
  expect(detected).toBeLessThan(SLACK);
  note('kill -9 of msrptap', { survived: 'both sides are told by the kernel', lost: null, detected });
});

test('kill -9 of a worker: its links end at once, another takes its place, and new links are carried', async () => {
  const hop = await NextHop.start();
  const examined = await Examined.start({ upstream: hop.url, workers: 2 });
  const { tap } = examined;
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    const before = tap.workers();
    expect(before).toHaveLength(2);
    const links = [await linkThrough(tap.socket, hop), await linkThrough(tap.socket, hop)];
    const [victim = 0] = before;
    const time = await timed(() => {
      process.kill(victim, 'SIGKILL');
      return Promise.race(links.map(({ client, server }) => Promise.all([client.end, server.end])));
    });
    await eventually(async () => [tap.workers().length, await tap.metric('workers')]).toEqual([2, 2]);
    const next = await linkThrough(tap.socket, hop);
    await converse(next);
    hangUp(next, ...links);
    return time;
  });
  expect(detected).toBeLessThan(SLACK);
  expect(await tap.metric('worker_restarts_total')).toBe(2);
  note('kill -9 of a worker', { survived: 'its links end, another takes its place', lost: null, detected, grown });
});
