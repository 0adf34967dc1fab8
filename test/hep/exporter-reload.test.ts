/** Other destinations, limits and identities while packets come. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { HepExporter, type DestinationStats, type ExporterSettings } from '#src/hep/exporter.js';
import { silentLog } from '#src/lib/log.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { receiveTcp, type Receiver } from '../helpers/hep.js';

const SOURCE = { ip: '192.0.2.1', port: 2855 };
const DESTINATION = { ip: '192.0.2.2', port: 40_000 };
const TIME = 1_700_000_000_000_000;
const MIB = 1024 * 1024;

async function receiver(): Promise<Receiver> {
  const started = await receiveTcp();
  onTestFinished(() => started.close());
  return started;
}

type Ports = Readonly<Record<string, number>>;

function settings(ports: Ports, more: Partial<ExporterSettings> = {}): ExporterSettings {
  const destinations = Object.entries(ports).map(([name, port]) => ({
    name,
    host: '127.0.0.1',
    port,
    transport: 'tcp' as const,
  }));
  return { identity: { captureId: 1 }, queueBytes: 16 * MIB, destinations, ...more };
}

/** Its packets are numbered. */
class Sender {
  readonly exporter: HepExporter;
  #last = 0;

  constructor(initial: ExporterSettings) {
    this.exporter = new HepExporter({ ...initial, log: silentLog, timing: { backoffMin: 5, backoffMax: 20 } });
    onTestFinished(() => this.exporter.close());
  }

  send(packets: number): void {
    const flow = this.exporter.flow(100, SOURCE, DESTINATION);
    for (let count = 0; count < packets; count += 1) {
      this.#last += 1;
      this.exporter.send(flow, TIME + this.#last, 'session', Buffer.from(String(this.#last)));
    }
  }

  stats(name = 'homer'): DestinationStats {
    const stats = this.exporter.stats().find((each) => each.name === name);
    if (stats === undefined) throw new Error(`no ${name}`);
    return stats;
  }
}

const numbers = ({ packets }: Receiver): number[] => packets.map(({ payload }) => Number(payload.toString()));

function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

test('what came before goes where it would have gone, in the same turn too', async () => {
  const [one, two] = [await receiver(), await receiver()];
  const sender = new Sender(settings({ homer: one.port }));
  sender.send(100);
  sender.exporter.use(settings({ homer: two.port }));
  sender.send(100);
  await Promise.all([one.received(100), two.received(100)]);
  expect([numbers(one), numbers(two)]).toEqual([from(1, 100), from(101, 200)]);
  await eventually(() => sender.stats()).toMatchObject({ sent: 200, dropped: 0, failed: 0, maybe: 0 });
});

test('one that is the same stays connected; one that comes back goes on counting', async () => {
  const [one, two] = [await receiver(), await receiver()];
  const sender = new Sender(settings({ a: one.port, b: two.port }));
  sender.send(10);
  await Promise.all([one.received(10), two.received(10)]);
  sender.exporter.use(settings({ b: two.port }));
  expect(sender.exporter.stats().map(({ name }) => name)).toEqual(['b']);
  sender.send(10);
  await two.received(20);
  sender.exporter.use(settings({ b: two.port, a: one.port }));
  sender.send(10);
  await Promise.all([one.received(20), two.received(30)]);
  expect([numbers(one), numbers(two)]).toEqual([[...from(1, 10), ...from(21, 30)], from(1, 30)]);
  expect(two.connections).toHaveLength(1);
  await eventually(() => [sender.stats('a').sent, sender.stats('b').sent]).toEqual([20, 30]);
});

test('what is on disk for one that moved goes to where it is now, in order', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'msrptap-spool-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const spool = { dir, maxBytes: 64 * MIB, slot: 1, workers: 1 };
  const sender = new Sender(settings({ homer: await freePort() }, { spool }));
  sender.send(1_000);
  await eventually(() => sender.stats().spool?.packets).toBe(1_000);
  const moved = await receiver();
  sender.exporter.use(settings({ homer: moved.port }, { spool }));
  sender.send(1_000);
  await moved.received(2_000);
  expect(numbers(moved)).toEqual(from(1, 2_000));
});

test('the identity is that of the time at which a flow was made', async () => {
  const homer = await receiver();
  const sender = new Sender(settings({ homer: homer.port }));
  const { flows } = sender.exporter;
  sender.exporter.use(settings({ homer: homer.port }, { identity: { captureId: 2 } }));
  sender.exporter.send(flows.flow(100, SOURCE, DESTINATION), TIME, 'old', Buffer.from('1'));
  sender.send(1);
  await homer.received(2);
  expect(homer.packets.map(({ captureId }) => captureId)).toEqual([1, 2]);
});

test('less room in memory and another rate hold from now on', async () => {
  const port = await freePort();
  const sender = new Sender(settings({ homer: port }));
  sender.exporter.use(settings({ homer: port }, { queueBytes: 16 * 1024 }));
  sender.send(1_000);
  await eventually(() => sender.stats().dropped).toBeGreaterThan(0);
  const homer = await receiver();
  sender.exporter.use(settings({ homer: homer.port }, { maxRate: 0.01 }));
  const flow = sender.exporter.flow(100, SOURCE, DESTINATION);
  for (let count = 0; count < 10; count += 1) {
    sender.exporter.sendMessage(flow, TIME, 'session', Buffer.from('0'));
  }
  expect(sender.stats().thinned).toBe(9);
});
