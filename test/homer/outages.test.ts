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
import { Rounds, type Ends } from './rounds.js';

/** Seconds. */
const BEFORE = 5;
const OUTAGE = 20;
const AFTER = 5;
const DB_TIMER = 4;

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
  const homer = await Homer.start({ DBBulk: 200, DBTimer: DB_TIMER });
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

const STOPPED: Fault = {
  name: 'stopped',
  breaks: true,
  begin: ({ homer }) => homer.server.kill('SIGTERM'),
  end: ({ homer }) => homer.server.launch(),
};
const KILLED: Fault = {
  name: 'killed',
  breaks: true,
  begin: ({ homer }) => homer.server.kill('SIGKILL'),
  end: ({ homer }) => homer.server.launch(),
};
const FROZEN: Fault = {
  name: 'frozen',
  breaks: false,
  begin: ({ homer }) => homer.server.signal('SIGSTOP'),
  end: ({ homer }) => homer.server.signal('SIGCONT'),
};
const RESET: Fault = {
  name: 'behind a proxy that resets each connection',
  breaks: true,
  begin: ({ between }) => between.reset(),
  end: ({ between }) => between.carryOn(),
};

// Two at a time, each with a Homer of its own: most of the time is spent waiting.
test.each([
  { one: STOPPED, another: FROZEN },
  { one: KILLED, another: RESET },
])('heplify-server is $one.name, another $another.name', { timeout: 300_000 }, async ({ one, another }) => {
  const faults = [one, another];
  const [other, ...disturbed] = await Promise.all([startSide(), ...faults.map(() => startSide())]);
  const rounds = new Rounds([other, ...disturbed].map(({ ends }) => ends));
  await seconds(BEFORE);
  rounds.medians();
  await Promise.all([...disturbed.map(async (side, i) => faults[i]?.begin(side)), seconds(OUTAGE)]);
  const [undisturbed = Number.NaN, ...during] = rounds.medians();
  await Promise.all(disturbed.map(async (side, i) => faults[i]?.end(side)));
  for (const { tap } of disturbed) await expect.poll(() => tap.metric('hep_connected'), PATIENCE).toBe(1);
  await seconds(AFTER);
  const exchanges = await rounds.stop();

  // ACCEPTED, CONNECTED, and each request and response.
  const offered = 2 + 2 * exchanges;
  const [all, ...some] = await Promise.all([other, ...disturbed].map((side) => outcome(side, offered)));
  expect(all?.lost).toBe(0);
  for (const [i, { name, breaks }] of faults.entries()) {
    const p50 = during[i] ?? Number.NaN;
    const told = `${name}: p50 ${p50.toFixed(3)} ms against ${undisturbed.toFixed(3)} ms, ${JSON.stringify(some[i])}`;
    console.info(told);
    if (!breaks) expect(some[i]?.lost, told).toBe(0);
    expect(p50 / undisturbed, told).toBeLessThanOrEqual(1.3);
  }
});

interface Outcome {
  readonly sent: number;
  readonly dropped: number;
  /** Of those sent, what is no row. */
  readonly lost: number;
}

/** `sent - maybe <= rows <= sent`, and no row twice. */
async function outcome({ homer, tap }: Side, offered: number): Promise<Outcome> {
  await expect.poll(() => tap.metric('hep_queue_bytes'), PATIENCE).toBe(0);
  const { sent, dropped, failed, maybe } = await tap.hepPackets();
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
  return { sent, dropped, lost: sent - rows };
}

/** Its batches are written after 4 s at the latest: longer than that without a new row, and there is none left. */
async function settled(homer: Homer): Promise<void> {
  for (let [before, now] = [-1, await homer.count('1')]; before !== now;) {
    await seconds(DB_TIMER + 2);
    [before, now] = [now, await homer.count('1')];
  }
}
