import { expect, onTestFinished, test } from 'vitest';
import { LoopLag } from '#src/lib/loop-lag.js';
import { eventually } from '../helpers/eventually.js';

test('a loop that is held up is late by as much, and not again', async () => {
  const lags: number[] = [];
  const lag = new LoopLag((seconds) => void lags.push(seconds));
  onTestFinished(() => lag.stop());
  await eventually(() => lags.length).toBeGreaterThan(0);
  const before = lags.length;
  const until = performance.now() + 300;
  while (performance.now() < until);
  await eventually(() => lags.length).toBeGreaterThan(before);
  // A look was due at most 20 ms after the beginning.
  expect(lags[before]).toBeGreaterThan(0.27);
  expect(Math.min(...lags)).toBeGreaterThanOrEqual(0);
});
