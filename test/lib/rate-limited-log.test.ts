import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '#src/lib/log.js';
import { RateLimitedLog } from '#src/lib/rate-limited-log.js';

let lines: Record<string, unknown>[];
let log: RateLimitedLog;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const write = (line: string): void => {
    const { level, msg, n, leftOut }: Record<string, unknown> = JSON.parse(line);
    lines.push({ level, msg, ...(n === undefined ? {} : { n }), ...(leftOut === undefined ? {} : { leftOut }) });
  };
  log = new RateLimitedLog(createLog('info', { write }), { lines: 2, window: 1_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

test('writes the first lines of a window and then the count of the others', () => {
  for (const n of [1, 2, 3, 4]) log.write('warn', 'it happened', { n });
  expect(lines).toEqual([
    { level: 'warn', msg: 'it happened', n: 1 },
    { level: 'warn', msg: 'it happened', n: 2 },
  ]);
  vi.advanceTimersByTime(1_000);
  expect(lines.slice(2)).toEqual([{ level: 'warn', msg: 'it happened', leftOut: 2 }]);
});

test('says nothing of a window in which all was written, and begins a new one', () => {
  log.write('info', 'a', { n: 1 });
  log.write('info', 'a', { n: 2 });
  vi.advanceTimersByTime(60_000);
  log.write('info', 'a', { n: 3 });
  expect(lines.map(({ n }) => n)).toEqual([1, 2, 3]);
});

test('counts each message by itself', () => {
  for (const n of [1, 2, 3]) log.write('info', 'a', { n });
  log.write('error', 'b', { n: 4 });
  log.flush();
  expect(lines.slice(2)).toEqual([
    { level: 'error', msg: 'b', n: 4 },
    { level: 'info', msg: 'a', leftOut: 1 },
  ]);
});

test('a flush ends the window', () => {
  for (const n of [1, 2, 3]) log.write('info', 'a', { n });
  log.flush();
  vi.advanceTimersByTime(60_000);
  expect(lines.filter(({ leftOut }) => leftOut !== undefined)).toHaveLength(1);
});
