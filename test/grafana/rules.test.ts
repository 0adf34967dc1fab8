import { parse as parseYaml } from 'yaml';
import { describe, expect, test } from 'vitest';
import { readRules, readText } from './files.js';
import { lookedAt, parse, selectorsOf } from './promql.js';

const rules = readRules();
const alerts = rules.filter(({ alert }) => alert !== undefined);
const records = rules.filter(({ record }) => record !== undefined);
const runbook = [...readText('docs/runbook.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title);

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly AlertTest[];
    readonly promql_expr_test?: readonly { readonly expr: string }[];
  }[];
}

const { tests } = parseYaml(readText('grafana/rules.test.yaml')) as RuleTests;

test('there are alerts, and figures for them', () => {
  expect(alerts.length).toBeGreaterThan(15);
  expect(records.length).toBeGreaterThan(5);
});

test('each alert has a section in the runbook, and each section an alert, in the same order', () => {
  expect(runbook).toEqual(alerts.map(({ alert }) => alert));
});

describe.each(alerts)('$alert', ({ alert = '', expr, for: wait, labels, annotations }) => {
  test('has a name in CamelCase, waits, says how bad it is, what happened, and what to do', () => {
    expect(alert).toMatch(/^Msrptap([A-Z][a-z]+)+$/);
    expect(wait).toMatch(/^[1-9]\d*[mh]$/);
    expect(['critical', 'warning', 'info']).toContain(labels?.['severity']);
    expect(Object.keys(annotations ?? {})).toEqual(['summary', 'description', 'runbook_url']);
    expect(annotations?.['summary']).not.toMatch(/\.$/);
    expect(annotations?.['description']).toMatch(/\.$/);
    expect(annotations?.['runbook_url']).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
  });

  test('is PromQL with something to look at', () => {
    parse(expr);
    expect(lookedAt(expr)).not.toEqual([]);
  });

  test('has a case where it fires and one where it stays silent', () => {
    const cases = tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
    const fires = cases.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.length > 0);
    expect(fires).toContain(true);
    expect(fires).toContain(false);
  });
});

test.each(records)(
  '$record is named by its labels and its source, is PromQL, and has a case',
  ({ record = '', expr }) => {
    parse(expr);
    const [level = '', metric = '', operations = ''] = record.split(':');
    expect(metric).toMatch(/^msrptap_[a-z_]+$/);
    expect(operations).toMatch(/^(?:rate5m|ratio|ratio_rate5m|p95_rate5m|used)$/);
    const [{ grouping } = { grouping: [] }] = selectorsOf(expr);
    // A histogram's bounds are what a quantile is made of.
    expect(grouping.filter((label) => label !== 'le')).toEqual(['job', ...level.split('_')]);
    expect(tests.flatMap(({ promql_expr_test = [] }) => promql_expr_test.map((each) => each.expr))).toContain(record);
  },
);

test('the runbook tells of MI commands that exist', () => {
  const told = [...readText('docs/runbook.md').matchAll(/msrptap mi ([a-z_:]+)/g)].map(([, name = '']) => name);
  expect(told.length).toBeGreaterThan(5);
  const reference = readText('docs/mi.md');
  for (const name of told) expect(reference).toContain(`\`${name}`);
});

describe('what an alert looks at', () => {
  test.each([
    ['up == 0', ['up']],
    ['(a / b) > 0.1 and c > 5', ['a / b', 'c']],
    ['absent(up{job="x"})', ['up{job="x"}']],
    ['a > on (job) group_left () (b * 8)', ['a', 'b * 8']],
    ['a - time() < 3 * 4', ['a - time()']],
  ])('%s', (query, expected) => {
    expect(lookedAt(query)).toEqual(expected);
  });

  test('what is no PromQL is refused', () => {
    expect(() => lookedAt('sum(rate(a[5m])')).toThrow('no PromQL');
    expect(() => lookedAt('a{b=}')).toThrow('no PromQL');
  });
});
