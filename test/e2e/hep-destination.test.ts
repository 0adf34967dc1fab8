/** Homer goes away, comes back, or is slow: MSRP does not notice, and what was lost is counted. */
import { expect, onTestFinished, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { ReceiverProcess } from '../helpers/hep.js';
import { eventually } from '../helpers/eventually.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess } from '../helpers/tap.js';

/** Milliseconds: shorter than any time for which Homer is waited for, longer than a busy machine stands still. */
const GAP = 4_500;

/** Milliseconds for thousands of messages, and for the wait before another attempt to connect. */
const LONG = 30_000;
const LIMIT = 90_000;

async function startReceiver(port?: number): Promise<ReceiverProcess> {
  const receiver = await ReceiverProcess.start(port);
  onTestFinished(() => receiver.close());
  return receiver;
}

test(
  'killed in the middle of traffic and started again: no gap, no byte lost, and packets come again',
  async () => {
    const first = await startReceiver();
    const hop = await NextHop.start();
    const tap = await TapProcess.start({ upstream: hop.url, trace: first });
    const { client, server } = await linkThrough(tap.socket, hop);
    const talk = new Talk(client, server, 'hello');

    await eventually(() => first.tally().packets).toBeGreaterThan(200);
    await first.kill();
    await eventually(() => tap.metric('hep_connected')).toBe(0);
    const before = talk.exchanges;
    await eventually(() => talk.exchanges).toBeGreaterThan(before + 50);
    const second = await startReceiver(first.port);
    await eventually(() => second.tally().packets, LONG).toBeGreaterThan(200);
    await talk.stop();

    expect(talk.longest).toBeLessThan(GAP);
    expect(await tap.metric('requests_total', { direction: 'up' })).toBe(talk.exchanges);
    // Everything that was to be sent has arrived by now, or never will.
    await eventually(() => tap.metric('hep_queue_bytes')).toBe(0);
    const { sent, dropped, failed, maybe } = await tap.hepPackets();
    expect(failed).toBe(0);
    expect(sent + dropped).toBe(2 + 2 * talk.exchanges);
    await eventually(() => first.tally().packets + second.tally().packets).toBeGreaterThanOrEqual(sent - maybe);
    expect(first.tally().packets + second.tally().packets).toBeLessThanOrEqual(sent);
    expect(maybe).toBeLessThan(sent);
  },
  LIMIT,
);

test(
  'stopped, with a small queue, and continued: exactly what was counted as dropped is lost',
  async () => {
    const receiver = await startReceiver();
    const hop = await NextHop.start();
    const tap = await TapProcess.start({ upstream: hop.url, trace: receiver, proto_hep: { hep_queue_bytes: 65_536 } });
    const { client, server } = await linkThrough(tap.socket, hop);
    const talk = new Talk(client, server, 'x'.repeat(10_000));
    await eventually(() => receiver.tally().packets).toBeGreaterThan(20);
    receiver.signal('SIGSTOP');
    await eventually(async () => (await tap.hepPackets()).dropped, LONG).toBeGreaterThan(200);
    receiver.signal('SIGCONT');
    const { dropped: soFar } = await tap.hepPackets();
    const before = talk.exchanges;
    await eventually(() => talk.exchanges).toBeGreaterThan(before + 50);
    await talk.stop();

    expect(talk.longest).toBeLessThan(GAP);
    await eventually(() => tap.metric('hep_queue_bytes')).toBe(0);
    const { sent, dropped, failed, maybe } = await tap.hepPackets();
    expect({ failed, maybe }).toEqual({ failed: 0, maybe: 0 });
    expect(dropped).toBeGreaterThanOrEqual(soFar);
    expect(sent + dropped).toBe(2 + 2 * talk.exchanges);
    await eventually(() => receiver.tally().packets).toBe(sent);
  },
  LIMIT,
);

test(
  'never there: MSRP goes on, memory is bounded by hep_queue_bytes, and a stop does not wait for it',
  async () => {
    const receiver = await startReceiver();
    await receiver.kill();
    const hop = await NextHop.start();
    const tap = await TapProcess.start({
      upstream: hop.url,
      trace: receiver,
      proto_hep: { hep_queue_bytes: 1_048_576 },
    });
    const { client, server } = await linkThrough(tap.socket, hop);
    const talk = new Talk(client, server, 'x'.repeat(10_000));
    await eventually(async () => (await tap.hepPackets()).dropped, LONG).toBeGreaterThan(500);
    await talk.stop();
    expect(await tap.metric('hep_queue_bytes')).toBeLessThanOrEqual(1_048_576 + 65_536);
    expect((await tap.hepPackets()).sent).toBe(0);
    expect((await tap.http('/readyz')).status).toBe(200);
    client.finish();
    server.finish();
    const startedAt = performance.now();
    tap.signal('SIGTERM');
    expect(await tap.exited).toBe(0);
    // Far from drain_timeout, which is 10 s.
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  },
  LIMIT,
);
