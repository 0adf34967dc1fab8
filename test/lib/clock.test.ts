import { afterEach, expect, test, vi } from 'vitest';
import { nowMicros } from '#src/lib/clock.js';

afterEach(() => void vi.useRealTimers());

test('microseconds of the wall clock, finer than a millisecond', () => {
  const before = Date.now() * 1_000;
  const times = Array.from({ length: 20_000 }, () => nowMicros());
  const after = (Date.now() + 1) * 1_000;
  expect(Math.min(...times)).toBeGreaterThanOrEqual(before - 2_000);
  expect(Math.max(...times)).toBeLessThanOrEqual(after + 2_000);
  expect(new Set(times.map((time) => time % 1_000)).size).toBeGreaterThan(50);
});

test('a step of the wall clock is followed, either way', () => {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  for (const step of [3_600_000, -3_600_000]) {
    vi.setSystemTime(now + step);
    expect(Math.abs(nowMicros() - (now + step) * 1_000)).toBeLessThan(100_000);
  }
});
