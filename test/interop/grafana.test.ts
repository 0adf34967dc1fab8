/** A real Prometheus scrapes msrptap and is asked all that the dashboard and the rules ask: each must give data. */
import { expect, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { dashboardQueries, filledIn, readRules } from '../grafana/files.js';
import { lookedAt } from '../grafana/promql.js';
import { startScene } from './grafana-scene.js';
import type { Prometheus } from './prometheus.js';
import { lintMetrics } from './promtool.js';

const certs = useCerts();

/** What Prometheus says of a rule. */
interface RuleState {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly health: string;
  /** Of an alert. */
  readonly state?: 'inactive' | 'pending' | 'firing';
}

const TROUBLED = [
  'MsrptapNextHopDown',
  'MsrptapDialsFail',
  'MsrptapAcceptsFail',
  'MsrptapLinksCut',
  'MsrptapParseErrors',
  'MsrptapRequestsUnanswered',
  'MsrptapSessionsOneSided',
  'MsrptapTransfersIncomplete',
  'MsrptapReportsFail',
  'MsrptapFilterFails',
  'MsrptapMessageFilterFails',
  'MsrptapHepPacketsLost',
  'MsrptapHepDestinationDown',
];
const CALM = [
  'MsrptapDown',
  'MsrptapAbsent',
  'MsrptapConnectionsNearLimit',
  'MsrptapConnectionsRefused',
  'MsrptapResponsesSlow',
  'MsrptapRequestsUnwatched',
  'MsrptapDeliveriesSlow',
  'MsrptapTracingOff',
  'MsrptapHepThinned',
  'MsrptapCertificateExpires',
  'MsrptapCertificateExpiresNow',
  'MsrptapConfigReloadFailed',
  'MsrptapWorkerDied',
  'MsrptapErrorsInside',
];

/** Names that prom-client gave long ago, and keeps. */
const OF_NODE = ['handles', 'requests', 'resources'].map(
  (things) => `nodejs_active_${things}_total non-counter metrics should not have "_total" suffix`,
);

/** Long enough for four scrapes, one a second. */
const TIMES = { rateInterval: '10s', range: '1m' };

test('every query of the dashboard and of the rules gives data', { timeout: 120_000 }, async () => {
  const { tap, prometheus, traffic } = await startScene(certs());
  await Promise.race([traffic.done, answers(prometheus)]);
  // Every family has series by now.
  const { body } = await tap.http('/metrics');
  expect((await lintMetrics(body)).toSorted()).toEqual(OF_NODE);
  expect(await lintMetrics(`${body}# TYPE bad_total gauge\nbad_total 1\n`)).toHaveLength(OF_NODE.length + 2);
  // Those that have something to say begin to, and the others are silent.
  await Promise.race([traffic.done, speaks(prometheus, TROUBLED)]);
  const states = await rules(prometheus);
  expect(states.map(({ name }) => name)).toEqual(expect.arrayContaining([...TROUBLED, ...CALM]));
  expect(states.filter(({ health }) => health !== 'ok')).toEqual([]);
  // But for a moment, when a scrape was too slow for a busy machine.
  const alarmed = async (): Promise<readonly RuleState[]> =>
    (await rules(prometheus)).filter(({ name, state }) => CALM.includes(name) && state !== 'inactive');
  await expect.poll(alarmed, { timeout: 20_000, interval: 500 }).toEqual([]);
  await traffic.stop();
});

async function answers(prometheus: Prometheus): Promise<void> {
  const queries = [
    ...dashboardQueries().map((query) => filledIn(query, TIMES)),
    ...readRules().flatMap(({ expr, record }) => [...lookedAt(expr), ...(record === undefined ? [] : [record])]),
  ];
  expect(queries.length).toBeGreaterThan(60);
  expect(await withoutData(prometheus, ['sum(msrptap_that_is_not_there)', '0 * sum(up) / 0'])).toHaveLength(2);
  let missing: readonly string[] = queries;
  await expect
    .poll(async () => (missing = await withoutData(prometheus, missing)), { timeout: 60_000, interval: 500 })
    .toEqual([]);
}

/** All of them are pending or firing. */
async function speaks(prometheus: Prometheus, names: readonly string[]): Promise<void> {
  const silent = async (): Promise<readonly string[]> =>
    (await rules(prometheus))
      .filter(({ name, state }) => names.includes(name) && state === 'inactive')
      .map(({ name }) => name);
  await expect.poll(silent, { timeout: 30_000, interval: 500 }).toEqual([]);
}

/** Those that have no series now, or one that is no number. */
async function withoutData(prometheus: Prometheus, queries: readonly string[]): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const query of queries) {
    const samples = await prometheus.query(query);
    if (samples.length === 0 || samples.some(({ value }) => Number.isNaN(value))) missing.push(query);
  }
  return missing;
}

async function rules(prometheus: Prometheus): Promise<readonly RuleState[]> {
  const response = await fetch(`${prometheus.url}/api/v1/rules`);
  const { data } = (await response.json()) as { data: { groups: readonly { rules: readonly RuleState[] }[] } };
  return data.groups.flatMap((group) => group.rules);
}
