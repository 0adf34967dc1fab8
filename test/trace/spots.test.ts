import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MAX_SPOTS, Spots } from '#src/trace/spots.js';

function spots(...targets: readonly string[]): Spots {
  const all = new Spots();
  onTestFinished(() => all.clear());
  for (const target of targets) all.set({ target, seconds: 100 });
  return all;
}

const targetsOf = (all: Spots): string[] => all.times.map(({ target }) => target);

describe('an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7', 5],
    ['192.0.2.7', '::ffff:192.0.2.7', 5],
    ['192.0.2.7:5', '192.0.2.7', 5],
    ['2001:db8::1', '2001:DB8:0::1', 5],
    ['[2001:db8::1]:5', '2001:db8::1', 5],
  ])('%s is that of %s port %i', (target, ip, port) => {
    expect(spots(target).ofAddress({ ip, port })).toMatchObject({ target, isOver: false });
  });

  it.each([
    ['192.0.2.7', '192.0.2.8', 5],
    ['192.0.2.7:5', '192.0.2.7', 6],
    ['abc', '192.0.2.7', 5],
  ])('%s is not that of %s port %i', (target, ip, port) => {
    expect(spots(target).ofAddress({ ip, port })).toBeNull();
  });
});

describe('a session', () => {
  it('is anything else', () => {
    const all = spots('49fi29d', '192.0.2.7');
    expect(all.ofSession('49fi29d')).toMatchObject({ target: '49fi29d' });
    expect(all.ofSession('192.0.2.7')).toBeNull();
    expect(all.ofSession('')).toBeNull();
  });

  it('is looked for only while there is one', () => {
    const all = spots('192.0.2.7');
    expect(all.seeksSessions).toBe(false);
    all.set({ target: 'abc', seconds: 10 });
    expect(all.seeksSessions).toBe(true);
    all.set({ target: 'abc', seconds: 0 });
    expect(all.seeksSessions).toBe(false);
  });
});

it('ends by itself, and whoever holds it knows', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const all = spots();
  all.set({ target: 'abc', seconds: 5 });
  all.set({ target: '192.0.2.7', seconds: 60 });
  const spot = all.ofSession('abc');
  vi.advanceTimersByTime(4_900);
  expect(spot?.isOver).toBe(false);
  vi.advanceTimersByTime(200);
  expect(spot?.isOver).toBe(true);
  expect(all.seeksSessions).toBe(false);
  expect(targetsOf(all)).toEqual(['192.0.2.7']);
  expect(all.times[0]?.seconds).toBeCloseTo(54.9, 1);
});

it('asked for again, has the new time, and is the same', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const all = spots();
  all.set({ target: 'abc', seconds: 5 });
  const spot = all.ofSession('abc');
  all.set({ target: 'abc', seconds: 50 });
  vi.advanceTimersByTime(40_000);
  expect(spot?.isOver).toBe(false);
  expect(targetsOf(all)).toEqual(['abc']);
});

it('are bounded in number', () => {
  const all = spots(...Array.from({ length: MAX_SPOTS + 5 }, (_, index) => `s${index}`));
  expect(all.times).toHaveLength(MAX_SPOTS);
  expect(all.hasRoomFor('another')).toBe(false);
  expect(all.hasRoomFor('s0')).toBe(true);
});

it('are all over when they are cleared', () => {
  const all = spots('abc', '192.0.2.7');
  const spot = all.ofSession('abc');
  all.clear();
  expect(spot?.isOver).toBe(true);
  expect(all.times).toEqual([]);
});
