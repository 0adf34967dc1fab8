import { expect, test } from 'vitest';
import { Allowance } from '#src/lib/allowance.js';

test('so much may be spent in a second, and what is left over is not saved up', () => {
  let now = 5_000;
  const allowance = new Allowance(100, () => now);
  expect([allowance.spend(60), allowance.spend(60), allowance.spend(40), allowance.spend(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  now += 500;
  expect([allowance.spend(51), allowance.spend(50)]).toEqual([false, true]);
  now += 3_600_000;
  expect([allowance.spend(100), allowance.spend(1)]).toEqual([true, false]);
});
