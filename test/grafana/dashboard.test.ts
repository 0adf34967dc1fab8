import { expect, test } from 'vitest';
import { buildDashboard } from '../../grafana/dashboard/dashboard.js';
import { dashboardQueries, filledIn, readDashboard, readText, type Panel } from './files.js';
import { parse, selectorsOf } from './promql.js';

const dashboard = readDashboard();
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

test('the JSON is what the code builds', () => {
  expect(JSON.parse(readText('grafana/msrptap.json'))).toEqual(JSON.parse(JSON.stringify(buildDashboard())));
});

test('a row for each question', () => {
  const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  expect(rows).toEqual(['Overview', 'Traffic', 'Transactions', 'Sessions', 'Failures', 'HEP delivery', 'Process']);
});

test('data source, jobs and instances are chosen above it, and nothing is asked for when it is provisioned', () => {
  expect(dashboard.templating.list.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'datasource: datasource',
    'job: query',
    'instance: query',
  ]);
  expect(dashboard).not.toHaveProperty('__inputs');
  expect(dashboard).toMatchObject({ uid: 'msrptap', schemaVersion: 42 });
});

test.each(panels)('panel "$title" says what it shows, in a unit, from the chosen data source', (panel) => {
  const chosen = { type: 'prometheus', uid: '${datasource}' };
  expect(panel.description).toMatch(/\.$/);
  expect(panel.datasource).toEqual(chosen);
  const { unit, mappings } = panel.fieldConfig?.defaults ?? {};
  expect(unit ?? mappings, 'a unit, or what its values mean').toBeDefined();
  const targets = panel.targets ?? [];
  expect(targets).not.toEqual([]);
  expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  for (const { datasource, legendFormat } of targets) {
    expect(datasource).toEqual(chosen);
    expect(legendFormat).not.toBe('');
  }
});

test('panels have their own ids, titles that differ within a row, and do not lie on each other', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  const pairs = dashboard.panels.flatMap((a, index) => dashboard.panels.slice(index + 1).map((b) => [a, b] as const));
  expect(pairs.filter(([a, b]) => overlap(a, b)).map(([a, b]) => `${a.title} on ${b.title}`)).toEqual([]);
});

test('every line of panels is as wide as the dashboard', () => {
  const widths = new Map<number, number>();
  for (const { gridPos } of dashboard.panels) widths.set(gridPos.y, (widths.get(gridPos.y) ?? 0) + gridPos.w);
  expect(new Set(widths.values())).toEqual(new Set([24]));
});

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

test.each(dashboardQueries())('the query is PromQL, and keeps to what is chosen: %s', (query) => {
  parse(filledIn(query));
  for (const { metric, matchers } of selectorsOf(filledIn(query))) {
    const scope = matchers.filter(({ label }) => label === 'job' || label === 'instance');
    expect(
      scope.map(({ operator }) => operator),
      metric,
    ).toEqual(['=~', '=~']);
  }
  expect(query).toContain('job=~"$job", instance=~"$instance"');
  // A fixed interval is too short or too long for somebody.
  for (const [, interval] of query.matchAll(/\[(.*?)\]/g)) expect(['$__rate_interval', '$__range']).toContain(interval);
});

test.each(panels.flatMap(({ targets = [] }) => targets))(
  'a legend names labels that the query keeps: $legendFormat',
  ({ legendFormat, expr }) => {
    const kept = new Set(selectorsOf(filledIn(expr)).flatMap(({ grouping }) => grouping));
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(kept).toContain(label);
  },
);
