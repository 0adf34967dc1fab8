/**
 * Homer stops, freezes, or is cut off, for 20 s, under traffic: what PostgreSQL has is what hep_packets_total says, and MSRP
 * is as fast as beside it, where another Homer has no trouble.
 */
import { expect, onTestFinished, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { TapProcess } from '../helpers/tap.js';
import { Between } from './between.js';
import { DATA } from './heplify-server.js';
import { Homer } from './homer.js';
import { Pairs, type Ends } from './pairs.js';

/** Seconds. */
const BEFORE = 5;
const OUTAGE = 20;
const AFTER = 5;

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1_000));

/** msrptap's attempts to connect may be half a minute apart by then, and its queue is to be stored. */
const PATIENCE = { timeout: 90_000, interval: 250 };

interface Side {
  readonly homer: Homer;
  readonly tap: TapProcess;
  readonly ends: Ends;
  readonly between: Between;
}

async function startSide(): Promise<Side> {
  // In batches, as Homer's own configuration has it.
  const homer = await Homer.start({ DBBulk: 200, DBTimer: 4 });
  onTestFinished(() => homer.stop());
  const between = await Between.start(homer.server.port);
  const nextHop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: nextHop.url, trace: between });
  return { homer, tap, between, ends: await linkThrough(tap.socket, nextHop) };
}

interface Fault {
  readonly name: string;
  /** Whether a connection ends by it: then what was written to it may be lost. */
  readonly breaks: boolean;
  readonly begin: (side: Side) => Promise<void> | void;
  readonly end: (side: Side) => Promise<void> | void;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'stopped',
    breaks: true,
    begin: ({ homer }) => homer.server.kill('SIGTERM'),
    end: ({ homer }) => homer.server.launch(),
  },
  {
    name: 'killed',
    breaks: true,
    begin: ({ homer }) => homer.server.kill('SIGKILL'),
    end: ({ homer }) => homer.server.launch(),
  },
  {
    name: 'frozen',
    breaks: false,
    begin: ({ homer }) => homer.server.signal('SIGSTOP'),
    end: ({ homer }) => homer.server.signal('SIGCONT'),
  },
  {
    name: 'behind a proxy that resets each connection',
    breaks: true,
    begin: ({ between }) => between.reset(),
    end: ({ between }) => between.carryOn(),
  },
];

test.each(FAULTS)('heplify-server is $name for 20 s', { timeout: 300_000 }, async ({ breaks, begin, end }) => {
  const [disturbed, other] = [await startSide(), await startSide()];
  const pairs = new Pairs(disturbed.ends, other.ends);
  await seconds(BEFORE);
  pairs.medians();
  await Promise.all([begin(disturbed), seconds(OUTAGE)]);
  const [during, undisturbed] = pairs.medians();
  await end(disturbed);
  await expect.poll(() => disturbed.tap.metric('hep_connected'), PATIENCE).toBe(1);
  await seconds(AFTER);
  const exchanges = await pairs.stop();

  // ACCEPTED, CONNECTED, and each request and response.
  const offered = 2 + 2 * exchanges;
  const lost = await expectBounds(disturbed, offered);
  console.info(`p50 ${during.toFixed(3)} ms against ${undisturbed.toFixed(3)} ms; ${lost} packets lost`);
  expect(await expectBounds(other, offered)).toBe(0);
  if (!breaks) expect(lost).toBe(0);
  expect(during / undisturbed, `p50 ${during} ms against ${undisturbed} ms`).toBeLessThanOrEqual(1.3);
});

/** `sent - maybe <= rows <= sent`, and no row twice. @returns how many of those sent are no rows */
async function expectBounds({ homer, tap }: Side, offered: number): Promise<number> {
  await expect.poll(() => tap.metric('hep_queue_bytes'), PATIENCE).toBe(0);
  const { sent, dropped, failed, maybe } = await tap.hepPackets();
  console.info({ sent, dropped, failed, maybe });
  expect({ failed, all: sent + dropped }).toEqual({ failed: 0, all: offered });
  // Else the bounds would say nothing.
  expect(sent - maybe).toBeGreaterThan(1_000);
  await expect.poll(() => homer.count('1'), PATIENCE).toBeGreaterThanOrEqual(sent - maybe);
  await settled(homer);
  const sql = 'SELECT count(*)::int AS rows, count(DISTINCT raw)::int AS different FROM hep_proto_100_default';
  const [{ rows, different } = { rows: 0, different: 0 }] = await homer.postgres.rows<{
    readonly rows: number;
    readonly different: number;
  }>(DATA, sql);
  expect(rows).toBe(different);
  expect(rows).toBeLessThanOrEqual(sent);
  return sent - rows;
}

/** Its batches are written after 4 s at the latest: twice that without a new row, and there is none left. */
async function settled(homer: Homer): Promise<void> {
  for (let [before, now] = [-1, await homer.count('1')]; before !== now;) {
    await seconds(8);
    [before, now] = [now, await homer.count('1')];
  }
}
