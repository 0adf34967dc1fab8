/** The clock of the machine is put forward or back by an hour (libfaketime): nothing that is timed notices. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { receiveTcp, type WirePacket } from '../helpers/hep.js';
import { Talk } from '../helpers/talk.js';
import { Chat } from '../helpers/wire.js';
import { note, recordAtEnd } from './figures.js';
import { Examined } from './holding.js';
import { leaveOut } from './lab.js';
import { converse, hangUp, SLACK, type Link } from './scene.js';

/** Milliseconds: longer than a machine stands still for, and the transaction's so much shorter that its link is there then. */
const IDLE_TIMEOUT = 6_000;
const TRANSACTION_TIMEOUT = 3_000;
const CORRELATED = 2_000;
/** A timer may be that much early. */
const EARLY = 50;

const HOUR = 3_600;
const REQUESTS_PER_SECOND = 200;

recordAtEnd();

/** A clock, and what has a process go by it. */
class FakeClock {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: string;

  static start(context: TestContext): FakeClock {
    const library = libraryOf();
    if (library === null) leaveOut(context, 'there is no faketime (libfaketime) on PATH');
    const folder = mkdtempSync(join(tmpdir(), 'msrptap-clock-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return new FakeClock(join(folder, 'clock'), library);
  }

  private constructor(file: string, library: string) {
    this.#file = file;
    this.env = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    this.set(0);
  }

  /** @param seconds before or after the true time */
  set(seconds: number): void {
    writeFileSync(`${this.#file}.new`, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function libraryOf(): string | null {
  try {
    return execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

/** Microseconds since 1970. */
function timeOf({ seconds = 0, microseconds = 0 }: WirePacket): number {
  return seconds * 1_000_000 + microseconds;
}

test.for<[string, number]>([
  ['forward', HOUR],
  ['back', -HOUR],
])(
  'the clock is put %s by an hour: no timeout comes early or late, and times rise on each link',
  async ([name, step], context) => {
    const clock = FakeClock.start(context);
    const homer = await receiveTcp();
    onTestFinished(() => homer.close());
    const hop = await NextHop.start();
    const examined = await Examined.start(
      {
        upstream: hop.url,
        trace: homer,
        proto_msrp: { idle_timeout: IDLE_TIMEOUT, transaction_timeout: TRANSACTION_TIMEOUT },
        httpd: { requests_per_second: REQUESTS_PER_SECOND },
      },
      { env: clock.env },
    );
    const { tap } = examined;
    const link = (): Promise<Link> => linkThrough(tap.socket, hop);
    const timedOut = (): Promise<number> => tap.metric('transactions_timed_out_total');

    const { result, grown } = await examined.leavesNothing(async () => {
      const before = await timedOut();
      const [busy, quiet, unanswered] = [await link(), await link(), await link()];
      const talk = new Talk(busy.client, busy.server, 'tick');
      // Before any of them begins: what is early by an hour is early all the same.
      const startedAt = performance.now();
      const since = async (passed: Promise<unknown>): Promise<number> => {
        await passed;
        return performance.now() - startedAt;
      };
      unanswered.client.send(new Chat().ask('hello?'));
      await converse(quiet);
      await tap.mi('msrptap:correlate', 'session', 'call', String(CORRELATED / 1_000));
      const passed = [
        since(Promise.all([quiet.client.end, quiet.server.end])),
        since(eventually(timedOut).toBeGreaterThan(before)),
        since(eventually(() => tap.mi('msrptap:correlations')).toMatchObject({ Total: 0 })),
      ];
      clock.set(step);
      const times = await Promise.all(passed);
      expect(await Promise.all([quiet.client.end, quiet.server.end])).toEqual(['rst', 'rst']);
      await talk.stop();
      const later = await link();
      await converse(later);
      // One whose times are those of the new clock.
      const near = Date.now() * 1_000 + step * 1_000_000;
      await eventually(() => homer.packets.some((packet) => Math.abs(timeOf(packet) - near) < SLACK * 1_000)).toBe(
        true,
      );
      hangUp(busy, quiet, unanswered, later);
      clock.set(0);
      return { times, longest: talk.longest };
    });

    const [idle = 0, transaction = 0, correlation = 0] = result.times;
    for (const [took, due] of [
      [idle, IDLE_TIMEOUT],
      [transaction, TRANSACTION_TIMEOUT],
      [correlation, CORRELATED],
    ] as const) {
      expect(took).toBeGreaterThanOrEqual(due - EARLY);
      expect(took).toBeLessThan(due + SLACK);
    }
    expect(result.longest).toBeLessThan(SLACK);
    await eventually(async () => {
      const { sent, dropped, failed } = await tap.hepPackets();
      return { missing: sent - homer.packets.length, dropped, failed };
    }).toEqual({ missing: 0, dropped: 0, failed: 0 });
    for (const id of new Set(homer.packets.map(({ correlationId }) => correlationId))) {
      const times = homer.packets.filter(({ correlationId }) => correlationId === id).map(timeOf);
      expect(times.toSorted((a, b) => a - b)).toEqual(times);
      expect(new Set(times).size).toBe(times.length);
    }
    note(`the clock is put ${name} by an hour`, {
      survived: 'no timeout is early or late, links are carried, times of packets rise on each link',
      lost: 0,
      detected: idle,
      grown,
    });
  },
);

test('the clock is put back by an hour: who asked too much of the HTTP port may ask again after a second', async (context) => {
  const clock = FakeClock.start(context);
  const { tap } = await Examined.start({ httpd: { requests_per_second: 5 } }, { env: clock.env });
  const ask = async (): Promise<number> => (await tap.http('/metrics')).status;
  // At once: however slow the machine is, they are too many for a second.
  const askMuch = (): Promise<number[]> => Promise.all(Array.from({ length: 50 }, ask));
  await eventually(askMuch).toContain(429);
  clock.set(-HOUR);
  await eventually(ask).toBe(200);
});
