import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StallWatch } from '#src/lib/stall-watch.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] }));
afterEach(() => {
  for (const stallWatch of made.splice(0)) stallWatch.disarm();
  vi.useRealTimers();
});

const made: StallWatch[] = [];

function watch(timeout: number) {
  const state: { figure: number | null; stalls: number } = { figure: 0, stalls: 0 };
  const stallWatch = new StallWatch(timeout, {
    progress: () => state.figure,
    stalled: () => (state.stalls += 1),
  });
  made.push(stallWatch);
  return { state, stallWatch };
}

test('tells between one and one and a quarter times the timeout after the last progress', () => {
  const { state, stallWatch } = watch(100);
  stallWatch.arm();
  vi.advanceTimersByTime(60);
  state.figure = 1;
  vi.advanceTimersByTime(99);
  expect(state.stalls).toBe(0);
  vi.advanceTimersByTime(27);
  expect(state.stalls).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(state.stalls).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('progress, however small, keeps it quiet', () => {
  const { state, stallWatch } = watch(100);
  stallWatch.arm();
  for (let count = 0; count < 50; count += 1) {
    vi.advanceTimersByTime(90);
    state.figure = count + 1;
  }
  expect(state.stalls).toBe(0);
});

test('after a stall of the event loop one more turn decides', () => {
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { state, stallWatch } = watch(100);
  stallWatch.arm();
  vi.advanceTimersByTime(101);
  // The data that the stall had held up is delivered before the turn that was waited for.
  state.figure = 1;
  return new Promise<void>((resolve) => {
    setImmediate(() => {
      expect(state.stalls).toBe(0);
      stallWatch.disarm();
      resolve();
    });
  });
});

test('nothing to watch ends it without a word, until it is armed again', () => {
  const { state, stallWatch } = watch(100);
  stallWatch.arm();
  state.figure = null;
  vi.advanceTimersByTime(200);
  expect(state.stalls).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  state.figure = 5;
  stallWatch.arm();
  vi.advanceTimersByTime(130);
  expect(state.stalls).toBe(1);
});

test('many watch with one timer, each from when it was armed', () => {
  const first = watch(100);
  const second = watch(100);
  first.stallWatch.arm();
  vi.advanceTimersByTime(40);
  second.stallWatch.arm();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(90);
  expect([first.state.stalls, second.state.stalls]).toEqual([1, 0]);
  vi.advanceTimersByTime(9);
  expect(second.state.stalls).toBe(0);
  vi.advanceTimersByTime(30);
  expect(second.state.stalls).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('0 is never; disarmed is over', () => {
  const never = watch(0);
  never.stallWatch.arm();
  const disarmed = watch(10);
  disarmed.stallWatch.arm();
  disarmed.stallWatch.disarm();
  vi.advanceTimersByTime(100_000);
  expect([never.state.stalls, disarmed.state.stalls]).toEqual([0, 0]);
});
