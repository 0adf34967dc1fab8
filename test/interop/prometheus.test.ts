/** Prometheus scrapes a proxy whose workers die: no counter goes back, and no scrape fails. */
import { expect, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Prometheus } from './prometheus.js';

/** Seconds. */
const LENGTH = 60;
const BETWEEN_DEATHS = 10;
/** From one scrape to the next, and the time it may take: longer than a scrape waits for a worker that is not scheduled. */
const INTERVAL = 3;

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1_000));

test('a minute of scrapes while workers die', { timeout: 120_000 }, async () => {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  const tap = await TapProcess.start({ workers: 2, upstream: hop.url, trace });
  const prometheus = await Prometheus.start({ target: tap.httpd, interval: INTERVAL });
  let exchanges = 0;
  for (let deaths = 0; deaths < LENGTH / BETWEEN_DEATHS; deaths += 1) {
    const talks: Talk[] = [];
    for (let i = 0; i < 4; i += 1) {
      const { client, server } = await linkThrough(tap.socket, hop);
      talks.push(new Talk(client, server, 'hello'));
    }
    await seconds(BETWEEN_DEATHS);
    const [victim = 0] = tap.workers();
    process.kill(victim, 'SIGKILL');
    await eventually(() => tap.logged('worker replaced')).toBe(deaths + 1);
    // Those of the worker that died have failed; the others have not.
    const ends = await Promise.allSettled(talks.map((talk) => talk.stop()));
    expect(ends.filter(({ status }) => status === 'fulfilled')).not.toHaveLength(0);
    exchanges += talks.reduce((sum, talk) => sum + talk.exchanges, 0);
  }
  const range = `[${LENGTH * 2}s]`;
  // A scrape that a program does not answer is there as up == 0.
  await eventually(() => prometheus.value(`count_over_time(up${range})`)).toBeGreaterThan(LENGTH / INTERVAL);
  expect(await prometheus.value(`min_over_time(up${range})`)).toBe(1);
  const counters = await prometheus.query('count by (__name__) ({__name__=~"msrptap_.+_total"})');
  expect(counters.length).toBeGreaterThan(10);
  for (const name of counters.map(({ labels }) => labels['__name__'])) {
    expect(await prometheus.query(`resets(${name}${range}) > 0`)).toEqual([]);
  }
  // The last of them may have come behind the last scrape.
  await eventually(() => prometheus.value('msrptap_worker_restarts_total')).toBe(LENGTH / BETWEEN_DEATHS);
  // A worker that is killed takes at most its last second of counts with it.
  const counted = await prometheus.value('sum(msrptap_requests_total{method="SEND"})');
  expect(counted).toBeLessThanOrEqual(exchanges + 4 * (LENGTH / BETWEEN_DEATHS));
  expect(counted).toBeGreaterThan(exchanges / 2);
});
