import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { HepExporter } from '#src/hep/exporter.js';
import { PacketTemplates } from '#src/hep/packet.js';
import { Thinning, type LeftOut } from '#src/hep/thinning.js';
import { silentLog } from '#src/lib/log.js';
import { receiveTcp } from '../helpers/hep.js';

const ENDS = [
  { ip: '192.0.2.1', port: 2855 },
  { ip: '192.0.2.2', port: 40_000 },
] as const;
const FLOW = new PacketTemplates({ captureId: 1 }).flow(100, ...ENDS);

/** A Thinning with a clock of its own, and what it told. */
class Thinned {
  readonly told: [id: string, count: number, time: number][] = [];
  readonly thinning: Thinning;
  #time = 0;

  constructor(rate: number) {
    const tell = (id: string, { count, time }: LeftOut): void => void this.told.push([id, count, time]);
    this.thinning = new Thinning({ rate, tell, now: () => performance.now() });
  }

  /** @returns how many of so many messages were admitted */
  send(count: number, id = 'session'): number {
    let admitted = 0;
    for (let sent = 0; sent < count; sent += 1) {
      this.#time += 1;
      if (this.thinning.admits(FLOW, this.#time, id)) admitted += 1;
    }
    return admitted;
  }
}

describe('a rate', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('lets the packets of one second through at once, and then as many as it says', () => {
    const here = new Thinned(100);
    expect(here.send(1_000)).toBe(100);
    vi.advanceTimersByTime(500);
    expect(here.send(1_000)).toBe(50);
    // However long nothing came: no more than those of one second.
    vi.advanceTimersByTime(60_000);
    expect(here.send(1_000)).toBe(100);
  });

  test('below one a second lets one through at some time', () => {
    const here = new Thinned(0.25);
    expect(here.send(2)).toBe(1);
    vi.advanceTimersByTime(3_900);
    expect(here.send(2)).toBe(0);
    vi.advanceTimersByTime(200);
    expect(here.send(2)).toBe(1);
  });

  test('counts events, which always pass: messages make room for them, for a second at most', () => {
    const here = new Thinned(100);
    for (let event = 0; event < 10_000; event += 1) here.thinning.event('other');
    vi.advanceTimersByTime(1_000);
    expect(here.send(10)).toBe(0);
    vi.advanceTimersByTime(100);
    expect(here.send(100)).toBe(10);
  });

  test('is told of each second and session, with the time of the last message that was left out', () => {
    const here = new Thinned(10);
    here.send(10);
    here.send(3, 'a');
    here.send(2, 'b');
    expect(here.told).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(here.told).toEqual([
      ['a', 3, 13],
      ['b', 2, 15],
    ]);
    vi.advanceTimersByTime(10_000);
    expect(here.told).toHaveLength(2);
    here.send(11, 'a');
    vi.advanceTimersByTime(1_000);
    expect(here.told.slice(2)).toEqual([['a', 1, 26]]);
  });

  test('takes half of it at most for telling; what was not told is told later, once', () => {
    const here = new Thinned(10);
    here.send(10);
    for (let session = 0; session < 12; session += 1) here.send(1, `${session}`);
    vi.advanceTimersByTime(1_000);
    expect(here.told).toHaveLength(5);
    vi.advanceTimersByTime(2_000);
    expect(here.told.map(([id]) => Number(id))).toEqual(Array.from({ length: 12 }, (_, session) => session));
  });

  test('below one a second leaves room for messages beside the telling', () => {
    const here = new Thinned(0.5);
    here.send(1);
    let admitted = 0;
    for (let second = 0; second < 60; second += 1) {
      vi.advanceTimersByTime(1_000);
      admitted += here.send(1);
    }
    expect(admitted + here.told.length).toBe(30);
    expect(admitted).toBeGreaterThanOrEqual(15);
    expect(here.told.length).toBeGreaterThan(10);
  });

  test('is told of before an event of the session, which may be its last', () => {
    const here = new Thinned(1);
    here.send(4, 'a');
    here.thinning.event('b');
    expect(here.told).toEqual([]);
    here.thinning.event('a');
    expect(here.told).toEqual([['a', 3, 4]]);
    vi.advanceTimersByTime(2_000);
    expect(here.told).toHaveLength(1);
  });

  test('is told of no more when it was discarded', () => {
    const here = new Thinned(1);
    here.send(4);
    here.thinning.discard();
    vi.advanceTimersByTime(2_000);
    expect(here.told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('remembers a bounded number of sessions', () => {
    const here = new Thinned(1);
    for (let session = 0; session < 20_000; session += 1) here.send(1, `${session}`);
    here.thinning.flush();
    expect(here.told).toHaveLength(10_000);
  });
});

function at(microseconds: number): number {
  return 1_700_000_000_000_000 + microseconds;
}

test('an exporter leaves messages out, says so in a packet, and counts them as dropped', async () => {
  // No time passes between two messages, by which another one would be let through.
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const receiver = await receiveTcp();
  const exporter = new HepExporter({
    identity: { captureId: 1 },
    queueBytes: 1_000_000,
    maxRate: 5,
    destinations: [{ name: 'homer', host: '127.0.0.1', port: receiver.port, transport: 'tcp' }],
    log: silentLog,
  });
  const flow = exporter.flow(100, ...ENDS);
  for (let sent = 1; sent <= 8; sent += 1) exporter.sendMessage(flow, at(sent), 'call', Buffer.from(`${sent}`));
  exporter.send(flow, at(9), 'call', Buffer.from('event'));
  expect(exporter.stats()).toMatchObject([{ dropped: 3, thinned: 3 }]);
  await exporter.drain(5_000);
  await receiver.received(7);
  const packets = receiver.packets.map(({ payload, microseconds, correlationId }) => [
    payload.toString(),
    microseconds,
    correlationId,
  ]);
  expect(packets.slice(-3)).toEqual([
    ['5', 5, 'call'],
    ['[msrptap: 3 messages left out by hep_max_rate]', 8, 'call'],
    ['event', 9, 'call'],
  ]);
  expect(exporter.stats()).toMatchObject([{ sent: 7, dropped: 3, failed: 0, thinned: 3 }]);
  await exporter.close();
  await receiver.close();
});
