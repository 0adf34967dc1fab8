/** The queries ask for what there is: metrics, labels and values by the code, so that a name that changes is noticed. */
import { describe, expect, test } from 'vitest';
import { dashboardQueries, filledIn, readRules } from './files.js';
import { KNOWN, valuesOf } from './known.js';
import { selectorsOf, type Matcher } from './promql.js';

const rules = readRules();

/** Figures of the rules are named by the labels that they keep: `instance_leg:…`. */
const FIGURES = new Map(
  rules.flatMap(({ record }) =>
    record === undefined ? [] : [[record, ['job', ...(record.split(':')[0] ?? '').split('_')]] as const],
  ),
);

const queries = [...dashboardQueries().map((query) => filledIn(query)), ...rules.map(({ expr }) => expr)];

describe.each(queries)('%s', (query) => {
  const selectors = selectorsOf(query);

  test('asks for metrics that exist', () => {
    expect(selectors).not.toEqual([]);
    for (const { metric } of selectors) expect([...KNOWN.keys(), ...FIGURES.keys()]).toContain(metric);
  });

  test('with labels that they have, and values that those can have', () => {
    for (const { metric, matchers, grouping } of selectors) {
      const labels = KNOWN.get(metric) ?? FIGURES.get(metric) ?? [];
      expect(labels, metric).toEqual(expect.arrayContaining(matchers.map(({ label }) => label)));
      expect(labels, metric).toEqual(expect.arrayContaining([...grouping]));
      for (const matcher of matchers) expectPossible(metric, matcher);
    }
  });
});

function expectPossible(metric: string, { label, operator, value }: Matcher): void {
  const possible = valuesOf(metric, label);
  if (possible === null || value === '.+') return;
  const values = operator.endsWith('~') ? value.split('|') : [value];
  for (const each of values) expect(possible, `${label} of ${metric}`).toContain(each);
}
