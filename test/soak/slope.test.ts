import { expect, test } from 'vitest';
import { slope } from './slope.mjs';

const samples = (...values: readonly number[]) => values.map((value, minute) => ({ minute, value }));

test('the slope is that of the straight line, whatever single peaks there are', () => {
  expect(slope(samples(5, 7, 9, 11))).toBe(2);
  expect(slope(samples(5, 5, 500, 5, 5, 5))).toBe(0);
  expect(slope(samples(1))).toBe(0);
});
