import { expect, test } from 'vitest';
import { ChunkBudget } from '#src/proxy/chunk-budget.js';

/** How many turns of `octets` each a message may arrive in. */
function turns(limit: number, octets: number): number {
  const budget = new ChunkBudget(limit);
  let count = 0;
  while (count < 1_000 && budget.spend(octets)) count += 1;
  return count;
}

test('a drip is over with the fifth octet at the document`s limit of 4', () => {
  // 4 × 535 = 2140 is under 4 × 536 = 2144, 5 × 535 = 2675 is over it.
  expect(turns(4, 1)).toBe(4);
});

test('turns of a segment or more never are', () => {
  expect(turns(4, 536)).toBe(1_000);
  // What timestamps leave of it.
  expect(turns(1, 524)).toBe(1_000);
  expect(turns(1, 65_536)).toBe(1_000);
});

test('octets over a segment make up for earlier small turns, and no credit is kept', () => {
  const budget = new ChunkBudget(1);
  expect(budget.spend(10_000)).toBe(true);
  expect(budget.spend(1)).toBe(true);
  expect(budget.spend(2_000)).toBe(true);
  expect(budget.spend(1)).toBe(true);
  expect(budget.spend(1)).toBe(false);
});

test('each message begins anew; 0 switches it off', () => {
  const budget = new ChunkBudget(1);
  expect(budget.spend(1)).toBe(true);
  budget.reset();
  expect(budget.spend(1)).toBe(true);
  expect(turns(0, 0)).toBe(1_000);
});
