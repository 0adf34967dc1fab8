/** docs/metrics.md has the metrics that there are. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTROL_FAMILIES, TRAFFIC_FAMILIES } from '#src/control/metric-families.js';
import { CONTENTS, RESULTS } from '#src/sessions/kinds.js';
import { expect, test } from 'vitest';

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

interface Row {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

const rows = Array.from(
  page.matchAll(
    /^\| `(?<name>\w+)` +\| (?<type>gauge|counter|histogram) +\| (?<labels>[^|]*?) *\| (?<question>.+?) +\|$/gm,
  ),
  ({ groups: { name = '', type = '', labels = '' } = {} }): Row => ({
    name,
    type,
    labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label = '']) => label),
  }),
);

const byName = (a: Row, b: Row): number => a.name.localeCompare(b.name);

test('the page has each metric once, with its type and labels', () => {
  const families = [...TRAFFIC_FAMILIES, ...CONTROL_FAMILIES];
  const inCode = families.map(({ name, type, labels = [] }): Row => ({ name, type, labels }));
  expect(rows.toSorted(byName)).toEqual(inCode.toSorted(byName));
});

test('and the values of the labels that need words', () => {
  for (const value of [...CONTENTS, ...RESULTS]) expect(page).toContain(`\`${value}\``);
});
