/** What is lost, and how it is counted, when a receiver stops, dies, comes back or resets. */
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { HepExporter, type DestinationStats } from '#src/hep/exporter.js';
import type { Timing } from '#src/hep/timing.js';
import { createLog } from '#src/lib/log.js';
import { receiveTcp, ReceiverProcess } from '../helpers/hep.js';

const SOURCE = { ip: '192.0.2.1', port: 2855 };
const DESTINATION = { ip: '2001:db8::2', port: 40_000 };
const TIME = 1_700_000_000_000_000;
/** A loaded machine may take its time. */
const SOON = { timeout: 10_000, interval: 10 };
const MIB = 1024 * 1024;
const FAST: Partial<Timing> = { backoffMin: 5, backoffMax: 20 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((resource) => resource.close()));
});

function keep<T extends { close(): Promise<void> }>(resource: T): T {
  open.unshift(resource);
  return resource;
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly dropped: number;
}

/** An exporter with one destination, packets with numbers that only grow, and what it logged. */
class Sender {
  readonly exporter: HepExporter;
  readonly logged: LogLine[] = [];
  offered = 0;

  constructor(port: number, queueBytes: number, timing: Partial<Timing> = FAST) {
    const log = createLog('info', { write: (line: string) => void this.logged.push(JSON.parse(line)) });
    const destinations = [{ name: 'homer', host: '127.0.0.1', port, transport: 'tcp' as const }];
    this.exporter = new HepExporter({ identity: { captureId: 1 }, queueBytes, destinations, log, timing });
  }

  /**
   * Packets of `bytes` of payload, 64 in each turn of the event loop, until `enough`.
   * @param most octets that wait: with more, none are sent in a turn
   */
  sendUntil(bytes: number, enough: () => boolean, most = Infinity): Promise<void> {
    const flow = this.exporter.flow(100, SOURCE, DESTINATION);
    const payload = Buffer.alloc(bytes);
    return new Promise((resolve) => {
      const turn = (): void => {
        if (enough()) {
          resolve();
          return;
        }
        const packets = this.stats().queueBytes < most ? 64 : 0;
        for (let count = 0; count < packets; count += 1) {
          this.offered += 1;
          payload.writeUInt32BE(this.offered);
          this.exporter.send(flow, TIME + this.offered, 'session', payload);
        }
        setImmediate(turn);
      };
      turn();
    });
  }

  send(packets: number, bytes = 1000): Promise<void> {
    const end = this.offered + packets;
    return this.sendUntil(bytes, () => this.offered >= end);
  }

  stats(): DestinationStats {
    const [stats] = this.exporter.stats();
    if (stats === undefined) throw new Error('no destination');
    return stats;
  }

  told(message: string): LogLine[] {
    return this.logged.filter(({ msg }) => msg === message);
  }

  close(): Promise<void> {
    return this.exporter.close();
  }
}

function expectBalanced({ offered }: Sender, { sent, dropped, failed, queuePackets }: DestinationStats): void {
  expect(sent + dropped + failed + queuePackets).toBe(offered);
}

/** Of what was sent, `received` arrived, and no more than `maybe` did not. */
function expectAccounted({ sent, maybe }: DestinationStats, received: number): void {
  expect(received).toBeLessThanOrEqual(sent);
  expect(received).toBeGreaterThanOrEqual(sent - maybe);
}

describe('a receiver', () => {
  test('that takes nothing for too long gets a new connection; what it may have missed is counted', async () => {
    const receiver = keep(await ReceiverProcess.start());
    const sender = keep(new Sender(receiver.port, MIB, { ...FAST, stall: 300 }));
    await sender.send(64);
    await expect.poll(() => receiver.tally().packets, SOON).toBe(64);
    receiver.signal('SIGSTOP');
    await sender.sendUntil(12_000, () => sender.told('HEP destination lost').length > 0);
    expect(sender.told('HEP destination lost')[0]).toMatchObject({ reason: 'the receiver took nothing for 300 ms' });
    receiver.signal('SIGCONT');
    await expect.poll(() => sender.told('HEP destination connected').length, SOON).toBeGreaterThanOrEqual(2);
    await sender.exporter.drain(15_000);
    expectBalanced(sender, sender.stats());
    await expect
      .poll(() => receiver.tally().packets, SOON)
      .toBeGreaterThanOrEqual(sender.stats().sent - sender.stats().maybe);
  });

  test('that is stopped and goes on loses exactly what was dropped', async () => {
    const receiver = keep(await ReceiverProcess.start());
    const sender = keep(new Sender(receiver.port, MIB, { ...FAST, quiet: 50 }));
    await sender.send(640);
    await expect.poll(() => receiver.tally().packets, SOON).toBe(640);
    receiver.signal('SIGSTOP');
    // The kernels' buffers fill up, then the queue.
    await sender.sendUntil(12_000, () => sender.stats().dropped > 500 && sender.stats().queueBytes > MIB * 0.8);
    const full = sender.stats();
    expect(full.queueBytes).toBeLessThanOrEqual(MIB);
    expectBalanced(sender, full);
    receiver.signal('SIGCONT');
    await sender.exporter.drain(15_000);
    const { sent, dropped, failed, maybe, queuePackets } = sender.stats();
    expect([failed, maybe, queuePackets]).toEqual([0, 0, 0]);
    expect(sent + dropped).toBe(sender.offered);
    await expect.poll(() => receiver.tally().packets, SOON).toBe(sent);
    expect(receiver.tally().wrong).toBe(0);
    const toldAtTheEnd = (): number =>
      sender.told('HEP packets no longer dropped').reduce((sum, line) => sum + line.dropped, 0);
    await expect.poll(toldAtTheEnd, SOON).toBe(dropped);
    expect(sender.told('HEP packets are dropped')).toHaveLength(sender.told('HEP packets no longer dropped').length);
    expect(sender.told('HEP destination lost')).toEqual([]);
  });

  test('that is killed under load and started again: nothing twice, nothing uncounted', async () => {
    const first = keep(await ReceiverProcess.start());
    const sender = keep(new Sender(first.port, 64 * MIB));
    // However long the receiver is not scheduled: the queue does not get full.
    await sender.sendUntil(1000, () => first.tally().packets > 2000, 8 * MIB);
    const killed = first.kill();
    await sender.sendUntil(1000, () => sender.stats().connected === 0, 8 * MIB);
    await killed;
    const lost = sender.stats();
    expect(lost.maybe).toBeGreaterThan(0);
    await sender.send(1000);
    const second = keep(await ReceiverProcess.start(first.port));
    await expect.poll(() => sender.stats().connected, SOON).toBe(1);
    await sender.send(1000);
    await sender.exporter.drain(10_000);
    const stats = sender.stats();
    expectBalanced(sender, stats);
    expect(stats).toMatchObject({ dropped: 0, failed: 0, maybe: lost.maybe });
    await expect.poll(() => second.tally().packets, SOON).toBe(stats.sent - lost.sent);
    const [before, after] = [first.tally(), second.tally()];
    expect([before.wrong, after.wrong]).toEqual([0, 0]);
    expect(after.first).toBe(lost.sent + 1);
    expect(before.last).toBeLessThan(after.first);
    expectAccounted(stats, before.packets + after.packets);
  });

  test('that is stopped, then killed with full buffers: what stood in them is counted', async () => {
    const receiver = keep(await ReceiverProcess.start());
    const sender = keep(new Sender(receiver.port, MIB));
    await sender.send(640);
    await expect.poll(() => receiver.tally().packets, SOON).toBe(640);
    receiver.signal('SIGSTOP');
    await sender.sendUntil(12_000, () => sender.stats().dropped > 0);
    const { sent } = sender.stats();
    await receiver.kill();
    await expect.poll(() => sender.stats().connected, SOON).toBe(0);
    const stats = sender.stats();
    // The kernel may have taken some more before the end; none are sent again after it.
    expect(stats.sent).toBeGreaterThanOrEqual(sent);
    expectBalanced(sender, stats);
    expectAccounted(stats, receiver.tally().packets);
  });

  test('that resets in the middle: the packet that was cut is not continued on the next connection', async () => {
    const receiver = keep(await receiveTcp());
    const sender = keep(new Sender(receiver.port, 64 * MIB));
    await sender.send(64, 60_000);
    await receiver.received(10);
    receiver.connections[0]?.pause();
    await sender.sendUntil(60_000, () => sender.stats().queuePackets > 20);
    receiver.connections[0]?.resetAndDestroy();
    await expect.poll(() => receiver.connections.length, SOON).toBe(2);
    await sender.exporter.drain(10_000);
    const stats = sender.stats();
    expectBalanced(sender, stats);
    expect(stats).toMatchObject({ dropped: 0, failed: 0 });
    expect(stats.maybe).toBeGreaterThan(0);
    const last = (): number | undefined => receiver.packets.at(-1)?.payload.readUInt32BE();
    await expect.poll(last, SOON).toBe(sender.offered);
    // The receiver's decoder would have thrown at a packet that does not begin where it should.
    const numbers = receiver.packets.map(({ payload }) => payload.readUInt32BE());
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    expectAccounted(stats, numbers.length);
  });

  test('that ends the connection is connected to anew', async () => {
    const receiver = keep(await receiveTcp());
    const sender = keep(new Sender(receiver.port, MIB));
    await sender.send(64);
    await receiver.received(64);
    receiver.connections[0]?.end();
    await expect.poll(() => receiver.connections.length, SOON).toBe(2);
    await sender.send(64);
    await receiver.received(128);
    expect(sender.logged.map(({ msg }) => msg)).toEqual([
      'HEP destination connected',
      'HEP destination lost',
      'HEP destination connected',
    ]);
    expect(sender.logged[1]).toMatchObject({ level: 'warn', reason: 'closed by the receiver', maybe: 64 });
  });

  test('that is down keeps packets waiting until the queue is full, and is reported once', async () => {
    const gone = await receiveTcp();
    await gone.close();
    const sender = keep(new Sender(gone.port, MIB));
    await sender.sendUntil(1000, () => sender.stats().dropped > 0);
    const full = sender.stats();
    expect(full.queueBytes).toBeLessThanOrEqual(MIB);
    expect(full.queueBytes).toBeGreaterThan(MIB * 0.95);
    expectBalanced(sender, full);
    const receiver = keep(await receiveTcp(gone.port));
    await receiver.received(full.queuePackets);
    expect(receiver.packets.map(({ payload }) => payload.readUInt32BE())).toEqual(
      Array.from({ length: full.queuePackets }, (_, index) => index + 1),
    );
    expect(sender.stats()).toEqual({ ...full, sent: full.queuePackets, queuePackets: 0, queueBytes: 0, connected: 1 });
    expect(sender.told('HEP destination not reachable')).toHaveLength(1);
  });

  test('that accepts nothing is given up after connect_timeout, again and again', async () => {
    // TLS to a receiver that never answers: the connection stands, the handshake does not.
    const silent = keep(await receiveTcp());
    const log = createLog('silent', { write: () => {} });
    const destinations = [{ name: 'homer', host: '127.0.0.1', port: silent.port, transport: 'tls' as const }];
    const timing = { ...FAST, connectTimeout: 20 };
    keep(new HepExporter({ identity: { captureId: 1 }, queueBytes: MIB, destinations, log, timing }));
    await expect.poll(() => silent.connections.length, SOON).toBeGreaterThan(2);
    const [first] = silent.connections;
    if (first !== undefined && !first.destroyed) await once(first, 'close');
    expect(first?.destroyed).toBe(true);
  });
});
