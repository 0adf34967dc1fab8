/** Processes that stand still or are killed. */
import { expect, onTestFinished, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { ReceiverProcess } from '../helpers/hep.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';
import { note, recordAtEnd } from './figures.js';

/** Milliseconds that a process stands still: longer than send_timeout below. */
const STANDSTILL = 2_000;
const SEND_TIMEOUT = 1_000;
/** Milliseconds for what happens at once, on a machine however busy. */
const SOON = 5_000;

recordAtEnd();

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

test('msrptap itself is stopped for longer than send_timeout: it closes nobody for that', async () => {
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url, proto_msrp: { send_timeout: SEND_TIMEOUT } });
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  await carry(chat.ask('before'), client, server);
  process.kill(tap.pid, 'SIGSTOP');
  const during = chat.ask({ type: 'application/octet-stream', body: Buffer.alloc(3_000_000, 'x') });
  client.send(during);
  // It is the time that passes that is tested.
  await pause(STANDSTILL);
  process.kill(tap.pid, 'SIGCONT');
  expect((await server.receive(during.length)).equals(during)).toBe(true);
  await carry(chat.ok(during), server, client);
  note('msrptap stands still for 2 s (SIGSTOP)', {
    survived: 'it closes nobody, all arrives',
    lost: 0,
    detected: null,
  });
});

test('the HEP receiver is stopped: the traffic does not wait for it', async () => {
  const receiver = await ReceiverProcess.start();
  onTestFinished(() => receiver.close());
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url, trace: receiver });
  const { client, server } = await linkThrough(tap.socket, hop);
  receiver.signal('SIGSTOP');
  const talk = new Talk(client, server, 'x'.repeat(10_000));
  await eventually(() => tap.metric('hep_queue_bytes')).toBeGreaterThan(0);
  await talk.stop();
  expect(talk.longest).toBeLessThan(1_000);
  receiver.signal('SIGCONT');
  await eventually(() => tap.metric('hep_queue_bytes')).toBe(0);
  note('the HEP receiver stands still (SIGSTOP)', {
    survived: 'packets wait, the traffic does not',
    lost: 0,
    detected: null,
  });
});

test('kill -9 of msrptap: both sides know at once', async () => {
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url });
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
  const startedAt = performance.now();
  tap.signal('SIGKILL');
  await Promise.all([client.end, server.end]);
  const detected = performance.now() - startedAt;
  expect(detected).toBeLessThan(SOON);
  note('kill -9 of msrptap', { survived: 'both sides are told by the kernel', lost: null, detected });
});

test('kill -9 of a worker: its links end at once, another takes its place, and new links are carried', async () => {
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url, workers: 2 });
  const before = tap.workers();
  expect(before).toHaveLength(2);
  const links = [await linkThrough(tap.socket, hop), await linkThrough(tap.socket, hop)];
  const [victim = 0] = before;
  const startedAt = performance.now();
  process.kill(victim, 'SIGKILL');
  await Promise.race(links.flatMap(({ client, server }) => Promise.all([client.end, server.end])));
  const detected = performance.now() - startedAt;
  expect(detected).toBeLessThan(SOON);
  await eventually(() => tap.workers().filter((pid) => !before.includes(pid))).toHaveLength(1);
  const next = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello again'), next.client, next.server);
  note('kill -9 of a worker', { survived: 'its links end, another takes its place', lost: null, detected });
});
