/** Packets on disk while their destination is down: all there, none twice, in order. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { HepExporter, type DestinationStats } from '#src/hep/exporter.js';
import type { SpoolOptions } from '#src/hep/spool.js';
import { createLog } from '#src/lib/log.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { receiveTcp, type Receiver } from '../helpers/hep.js';

const SOURCE = { ip: '192.0.2.1', port: 2855 };
const DESTINATION = { ip: '2001:db8::2', port: 40_000 };
const TIME = 1_700_000_000_000_000;
const MIB = 1024 * 1024;

const cleanUps: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'msrptap-spool-'));
  cleanUps.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function receiver(port?: number): Promise<Receiver> {
  const started = await receiveTcp(port);
  cleanUps.push(() => started.close());
  return started;
}

interface Setup extends Partial<SpoolOptions> {
  readonly dir: string;
  readonly port: number;
  readonly queueBytes?: number;
  readonly names?: Readonly<Record<string, number>>;
  readonly policy?: 'copies' | 'failover';
}

/** An exporter with a spool, whose packets are numbered. */
class Sender {
  readonly exporter: HepExporter;
  readonly logged: { readonly msg: string }[] = [];
  offered: number;

  constructor(
    { dir, port, queueBytes = 16 * MIB, names = { homer: port }, policy = 'copies', ...spool }: Setup,
    offered = 0,
  ) {
    this.offered = offered;
    const log = createLog('info', { write: (line: string) => void this.logged.push(JSON.parse(line)) });
    this.exporter = new HepExporter({
      identity: { captureId: 1 },
      queueBytes,
      policy,
      spool: { dir, maxBytes: 64 * MIB, slot: 1, workers: 1, ...spool },
      destinations: Object.entries(names).map(([name, at]) => ({
        name,
        host: '127.0.0.1',
        port: at,
        transport: 'tcp' as const,
      })),
      log,
      timing: { backoffMin: 5, backoffMax: 20 },
    });
    cleanUps.push(() => this.exporter.close());
  }

  send(packets: number, bytes = 1000): void {
    const flow = this.exporter.flow(100, SOURCE, DESTINATION);
    for (let count = 0; count < packets; count += 1) {
      this.offered += 1;
      const payload = Buffer.alloc(bytes);
      payload.writeUInt32BE(this.offered);
      this.exporter.send(flow, TIME + this.offered, 'session', payload);
    }
  }

  stats(name = 'homer'): DestinationStats & { spool: NonNullable<DestinationStats['spool']> } {
    const stats = this.exporter.stats().find((each) => each.name === name);
    if (stats === undefined || stats.spool === null) throw new Error('no spool');
    return { ...stats, spool: stats.spool };
  }

  /** Until so many packets are on disk, and none in memory. */
  async spooled(packets: number): Promise<void> {
    await eventually(() => [this.stats().spool.packets, this.stats().queuePackets]).toEqual([packets, 0]);
  }

  told(message: string): number {
    return this.logged.filter(({ msg }) => msg === message).length;
  }
}

/** What a process that is killed leaves: the files as they are, and no owner. It does nothing any more. */
async function kill(sender: Sender, dir: string): Promise<string> {
  const left = folder();
  cpSync(dir, left, { recursive: true, filter: (path) => !path.endsWith('lock') });
  await sender.exporter.close();
  return left;
}

const numbers = ({ packets }: Receiver): number[] => packets.map(({ payload }) => payload.readUInt32BE());

function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function segments(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.hep'))
    .toSorted()
    .map((path) => join(dir, path));
}

describe('a destination that is down', () => {
  test('gets all packets in order when it is up, and the folder is empty then', async () => {
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port, queueBytes: 256 * 1024 });
    for (let turn = 1; turn <= 20; turn += 1) {
      sender.send(100);
      await sender.spooled(turn * 100);
    }
    const homer = await receiver(port);
    sender.send(100);
    await homer.received(2_100);
    expect(numbers(homer)).toEqual(upTo(2_100));
    await eventually(() => sender.stats().spool.bytes).toBe(0);
    expect(sender.stats()).toMatchObject({ sent: 2_100, dropped: 0, failed: 0, maybe: 0, queuePackets: 0 });
    sender.send(1);
    await homer.received(2_101);
    await sender.exporter.close();
    expect(readdirSync(dir)).toEqual([]);
  });

  test('and a kill -9: the next run sends all, none twice', async () => {
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port });
    sender.send(500);
    await sender.spooled(500);
    const left = await kill(sender, dir);
    const next = new Sender({ dir: left, port }, 500);
    next.send(100);
    await next.spooled(600);
    const homer = await receiver(port);
    await homer.received(600);
    expect(numbers(homer)).toEqual(upTo(600));
    await eventually(() => next.stats()).toMatchObject({ sent: 600, maybe: 0, spool: { packets: 0, torn: 0 } });
  });

  test('and a kill -9 while it is sent: what was claimed counts as maybe, the rest comes once', async () => {
    const LAST = 13_000;
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port });
    // More than the kernel holds for a receiver that reads no more: it is killed before all is sent, however late.
    sender.send(LAST);
    await sender.spooled(LAST);
    const homer = await receiver(port);
    await homer.received(1);
    homer.connections[0]?.pause();
    await eventually(() => sender.stats().sent).toBeGreaterThan(0);
    const left = await kill(sender, dir);
    await homer.close();
    const before = new Set(numbers(homer));
    const again = await receiver(port);
    const next = new Sender({ dir: left, port });
    await eventually(() => again.packets.length > 0 && next.stats().spool.packets === 0).toBe(true);
    await next.exporter.drain(10_000);
    await eventually(() => numbers(again).at(-1)).toBe(LAST);
    const after = numbers(again);
    expect(after).toEqual(upTo(LAST, after[0]));
    expect(after.filter((number) => before.has(number))).toEqual([]);
    const { sent, maybe } = next.stats();
    expect(sent - maybe).toBe(after.length);
    expect(maybe).toBeLessThanOrEqual(128);
  });

  test('costs another nothing', async () => {
    const [dir, port, other] = [folder(), await freePort(), await receiver()];
    const sender = new Sender({ dir, port, names: { homer: port, other: other.port } });
    await eventually(() => sender.stats('other').connected).toBe(1);
    sender.send(1_000);
    await other.received(1_000);
    await sender.spooled(1_000);
    expect(sender.stats('other')).toMatchObject({ sent: 1_000, dropped: 0, spool: { packets: 0, errors: 0 } });
  });

  test('at a stop: what waits in memory goes to disk, and the next run sends it', async () => {
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port });
    sender.send(800);
    await sender.exporter.drain(10_000);
    await sender.exporter.close();
    expect(sender.stats()).toMatchObject({ dropped: 0, queuePackets: 0 });
    const homer = await receiver(port);
    const next = new Sender({ dir, port });
    await homer.received(800);
    expect(numbers(homer)).toEqual(upTo(800));
    expect(next.told('HEP packets of an earlier run are on disk')).toBe(1);
  });
});

describe('the disk', () => {
  test('has files that nobody else may read', async () => {
    const [dir, port] = [join(folder(), 'made'), await freePort()];
    const sender = new Sender({ dir, port });
    sender.send(1);
    await sender.spooled(1);
    const files = readdirSync(join(dir, 'homer@1')).filter((name) => name !== 'lock');
    expect(files.toSorted()).toEqual(['0000000001.hep', 'position']);
    for (const file of files) expect(statSync(join(dir, 'homer@1', file)).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test('whose folder every user can write to is not used: packets wait in memory, and the log says why', async () => {
    const [dir, port] = [join(folder(), 'open'), await freePort()];
    mkdirSync(dir);
    chmodSync(dir, 0o777);
    const sender = new Sender({ dir, port });
    sender.send(3);
    await eventually(() => sender.stats().queuePackets).toBe(3);
    await eventually(() => JSON.stringify(sender.logged)).toContain('chmod 700');
    expect(readdirSync(dir)).toEqual([]);
    const homer = await receiver(port);
    await homer.received(3);
  });

  test('at its limit loses the oldest, which are counted', async () => {
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port, maxBytes: MIB });
    for (let turn = 0; turn < 20; turn += 1) {
      sender.send(100);
      await eventually(() => sender.stats().queuePackets).toBe(0);
      const onDisk = segments(dir).reduce((sum, path) => sum + statSync(path).size, 0);
      expect(onDisk).toBeLessThanOrEqual(MIB);
    }
    const { dropped, spool } = sender.stats();
    expect(dropped).toBeGreaterThan(900);
    expect(spool).toMatchObject({ dropped, packets: 2_000 - dropped });
    const homer = await receiver(port);
    await homer.received(2_000 - dropped);
    expect(numbers(homer)).toEqual(upTo(2_000, dropped + 1));
  });

  test('with a torn record: it is skipped and counted', async () => {
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port });
    sender.send(50);
    await sender.spooled(50);
    const left = await kill(sender, dir);
    const last = segments(left).at(-1) ?? '';
    truncateSync(last, statSync(last).size - 500);
    const homer = await receiver(port);
    const next = new Sender({ dir: left, port }, 50);
    next.send(1);
    await homer.received(50);
    expect(numbers(homer)).toEqual([...upTo(49), 51]);
    await eventually(() => next.stats().spool).toMatchObject({ packets: 0, torn: 1 });
  });

  test('that cannot be used: packets wait in memory and are sent', async () => {
    const [dir, port] = [join(folder(), 'file'), await freePort()];
    writeFileSync(dir, '');
    const sender = new Sender({ dir, port });
    sender.send(100);
    await eventually(() => sender.stats().spool.errors).toBeGreaterThan(0);
    expect(sender.stats()).toMatchObject({ queuePackets: 100, spool: { packets: 0 } });
    const homer = await receiver(port);
    await homer.received(100);
    expect(numbers(homer)).toEqual(upTo(100));
    expect(sender.told('HEP spool fails')).toBe(1);
  });

  test('that fails while packets are written: they wait in memory, and go there when it works again', async () => {
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port });
    await eventually(() => existsSync(join(dir, 'homer@1', 'position'))).toBe(true);
    rmSync(join(dir, 'homer@1'), { recursive: true });
    sender.send(100);
    await eventually(() => sender.told('HEP spool fails')).toBe(1);
    expect(sender.stats()).toMatchObject({ queuePackets: 100, dropped: 0, spool: { packets: 0 } });
    cpSync(folder(), join(dir, 'homer@1'), { recursive: true });
    await sender.spooled(100);
    await eventually(() => sender.told('HEP spool works again')).toBe(1);
    const homer = await receiver(port);
    await homer.received(100);
    expect(numbers(homer)).toEqual(upTo(100));
  });

  test('is used by one process: another has its packets in memory', async () => {
    const [dir, port] = [folder(), await freePort()];
    const sender = new Sender({ dir, port });
    sender.send(10);
    await sender.spooled(10);
    const other = new Sender({ dir, port });
    other.send(10);
    await eventually(() => other.told('HEP spool fails')).toBe(1);
    expect(other.stats()).toMatchObject({ queuePackets: 10, spool: { packets: 0 } });
    await sender.exporter.close();
    await other.spooled(20);
  });
});

test('tracing that is off sends nothing of what is on disk; on again, it does', async () => {
  const [dir, port] = [folder(), await freePort()];
  const sender = new Sender({ dir, port });
  sender.send(100);
  await sender.spooled(100);
  sender.exporter.hold(true);
  sender.exporter.discard();
  const homer = await receiver(port);
  await eventually(() => sender.stats().connected).toBe(1);
  // Of a trace for a while, say.
  sender.send(1);
  await homer.received(1);
  expect(numbers(homer)).toEqual([101]);
  expect(sender.stats()).toMatchObject({ dropped: 0, spool: { packets: 100 } });
  sender.exporter.hold(false);
  await homer.received(101);
  expect(numbers(homer)).toEqual([101, ...upTo(100)]);
});

test('workers that are no more leave their packets to those there are', async () => {
  const [dir, port] = [folder(), await freePort()];
  for (const slot of [1, 2, 3, 4]) {
    const sender = new Sender({ dir, port, slot, workers: 4 }, slot * 100);
    sender.send(100);
    await sender.spooled(100);
    await sender.exporter.drain(10_000);
    await sender.exporter.close();
  }
  expect(readdirSync(dir).toSorted()).toEqual(['homer@1', 'homer@2', 'homer@3', 'homer@4']);
  const fewer = [1, 2].map((slot) => new Sender({ dir, port, slot, workers: 2 }));
  for (const sender of fewer) await sender.spooled(200);
  const homer = await receiver(port);
  await homer.received(400);
  expect(numbers(homer).toSorted((a, b) => a - b)).toEqual(upTo(500, 101));
  await Promise.all(fewer.map(({ exporter }) => exporter.close()));
  expect(readdirSync(dir)).toEqual([]);
});

describe('failover', () => {
  test('sends to the first that works, each packet to one', async () => {
    const [dir, port, second] = [folder(), await freePort(), await receiver()];
    const sender = new Sender({ dir, port, names: { homer: port, spare: second.port }, policy: 'failover' });
    await eventually(() => sender.stats('spare').connected).toBe(1);
    sender.send(100);
    await second.received(100);
    const first = await receiver(port);
    await eventually(() => sender.stats('homer').connected).toBe(1);
    sender.send(100);
    await first.received(100);
    expect([numbers(second), numbers(first)]).toEqual([upTo(100), upTo(200, 101)]);
    expect(sender.stats('homer')).toMatchObject({ sent: 100, dropped: 0 });
  });

  test('and none that works: packets wait for the first', async () => {
    const [dir, port] = [folder(), await freePort()];
    const names = { homer: port, spare: await freePort() };
    const sender = new Sender({ dir, port, names, policy: 'failover' });
    sender.send(100);
    await sender.spooled(100);
    expect(sender.stats('spare').spool.packets).toBe(0);
    const first = await receiver(port);
    await first.received(100);
    expect(numbers(first)).toEqual(upTo(100));
  });
});
