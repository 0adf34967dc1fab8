/** A flood of failures is told as a count. */
import { beforeEach, expect, test, vi } from 'vitest';
import { FailureFloods, type FailureKind } from '#src/trace/failure-floods.js';

const MOST = 3;

class Scene {
  readonly floods = new FailureFloods(() => MOST);
  told = 0;
  readonly counts: (readonly [last: string, count: number])[] = [];

  fail(times: number, name = 'x', kind: FailureKind = 'ACCEPTED max_connections'): void {
    for (let i = 0; i < times; i += 1) {
      const isTold = this.floods.admit(kind, (count) => void this.counts.push([`${name}${i}`, count]));
      if (isTold) this.told += 1;
    }
  }

  /** What was told since the last time. */
  take(): readonly [told: number, ...counts: (readonly [string, number])[]] {
    const taken = [this.told, ...this.counts.splice(0)] as const;
    this.told = 0;
    return taken;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  return () => void vi.useRealTimers();
});

test('the first ones of a second are told one by one, the rest as a count, in the words of the last', () => {
  const scene = new Scene();
  scene.fail(10);
  expect(scene.take()).toEqual([3]);
  vi.advanceTimersByTime(1_000);
  expect(scene.take()).toEqual([0, ['x9', 7]]);
  expect(scene.floods.leftOut).toBe(7);
});

test('while it goes on it is one count a second, and when it is over they are told one by one again', () => {
  const scene = new Scene();
  for (let second = 0; second < 4; second += 1) {
    scene.fail(10);
    expect(scene.take()[0]).toBe(second === 0 ? 3 : 0);
    vi.advanceTimersByTime(1_000);
    expect(scene.take()).toEqual([0, ['x9', second === 0 ? 7 : 10]]);
  }
  scene.fail(2);
  vi.advanceTimersByTime(1_000);
  expect(scene.take()).toEqual([0, ['x1', 2]]);
  scene.fail(2);
  expect(scene.take()).toEqual([2]);
  vi.advanceTimersByTime(5_000);
  expect([scene.take(), vi.getTimerCount()]).toEqual([[0], 0]);
});

test('each kind on its own: another Reason, or another Event', () => {
  const scene = new Scene();
  scene.fail(5, 'a');
  scene.fail(5, 'b', 'ACCEPTED tls_handshake_failed');
  scene.fail(3, 'c', 'CLOSED parse_error');
  expect(scene.take()).toEqual([9]);
  vi.advanceTimersByTime(1_000);
  expect(scene.take()).toEqual([0, ['a4', 2], ['b4', 2]]);
});

test('what is left is told at the end, or never', () => {
  const scene = new Scene();
  scene.fail(5);
  scene.floods.flush();
  expect(scene.take()).toEqual([3, ['x4', 2]]);
  scene.fail(5);
  scene.floods.clear();
  vi.advanceTimersByTime(5_000);
  expect([scene.take(), vi.getTimerCount()]).toEqual([[3], 0]);
});
