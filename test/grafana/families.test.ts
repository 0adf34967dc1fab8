/** Whoever adds a metric decides whether it is to be seen: on the dashboard, or here, with the reason why not. */
import { expect, test } from 'vitest';
import { dashboardQueries, filledIn } from './files.js';
import { FAMILIES, seriesOf } from './known.js';
import { selectorsOf } from './promql.js';

/** Families that the dashboard leaves out, without prefix, and why. */
const SPOOL = 'It is 0 wherever hep_spool is not set; msrptap:destinations tells it of each destination.';
const RELOADS = 'Whoever reloads is told at once, key by key, and the log and an alert have it too.';
const NOT_SHOWN: ReadonlyMap<string, string> = new Map([
  ['hep_spool_dropped_total', SPOOL],
  ['hep_spool_torn_total', SPOOL],
  ['hep_spool_errors_total', SPOOL],
  ['hep_spool_bytes', SPOOL],
  ['hep_spool_packets', SPOOL],
  ['config_reloads_total', RELOADS],
  ['config_last_reload_successful', RELOADS],
  ['config_last_reload_success_timestamp_seconds', RELOADS],
  ['http_refused_total', 'It tells of those who ask msrptap, not of traffic, and the log has each of them.'],
]);

const asked = new Set(dashboardQueries().flatMap((query) => selectorsOf(filledIn(query)).map(({ metric }) => metric)));

test.each(FAMILIES)('$name is on the dashboard, or it is said why not', (family) => {
  const isShown = seriesOf(family).some(({ name }) => asked.has(name));
  expect(isShown).toBe(!NOT_SHOWN.has(family.name));
});

test('what is left out exists, and has a reason', () => {
  const names = FAMILIES.map(({ name }) => name);
  for (const [name, reason] of NOT_SHOWN) {
    expect(names).toContain(name);
    expect(reason).toMatch(/\.$/);
  }
});
