/** docs/limits.md has every limit: those of the section, and all that the metric counts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIMITS } from '#src/control/families/limit-families.js';
import { REASONS } from '#src/lib/reasons.js';
import { configWith } from '../helpers/config.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/limits.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));
const keys = Object.keys(configWith('').limits);

test.each(keys)('limits.%s has a row, with its default', (key) => {
  const row = rows.find((line) => line.includes(`\`limits.${key}\``));
  expect(row).toBeDefined();
  const [, , standard = ''] = row?.split('|') ?? [];
  // Those that depend on the machine are described.
  if (key === 'buffer' || key === 'max_connections' || key === 'accept_rate') return;
  expect(standard.trim().split(' ')[0]).toBe(String(Reflect.get(configWith('').limits, key)));
});

test.each(keys)('limits.%s is counted', (key) => {
  expect(LIMITS).toContain(key);
});

test.each(LIMITS)('%s stands on the page', (limit) => {
  expect(page).toMatch(new RegExp(`\`(?:\\w+\\.)*${limit}(?:\`|\\.)`));
});

test('the Reasons of the page are Reasons', () => {
  const reasons = rows.flatMap((line) => line.split('|').slice(4, 5)).flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)]);
  expect(reasons.length).toBeGreaterThan(15);
  const metrics = new Set(['hep_thinned_total', 'limits_reached_total']);
  for (const [, reason = ''] of reasons) if (!metrics.has(reason)) expect(Object.keys(REASONS)).toContain(reason);
});
