/** Whoever adds a metric decides whether it is to be seen: on the dashboard, or here, with the reason why not. */
import { expect, test } from 'vitest';
import { dashboardQueries, filledIn } from './files.js';
import { FAMILIES, seriesOf } from './known.js';
import { selectorsOf } from './promql.js';

/** Families that the dashboard leaves out, without prefix, and why. */
const NOT_SHOWN: ReadonlyMap<string, string> = new Map();

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
