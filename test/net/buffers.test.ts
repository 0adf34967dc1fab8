/** What waits for slow readers, over all links. */
import { beforeEach, expect, test, vi } from 'vitest';
import { Buffers, type Holder } from '#src/net/buffers.js';

const LIMITS = { link_buffer: 100, buffer: 250 };

class Reader implements Holder {
  backlog = 0;
  releases = 0;

  released(): void {
    this.releases += 1;
  }
}

/** So much more waits. @returns whether more is welcome */
function add(buffers: Buffers, reader: Reader, octets: number): boolean {
  reader.backlog += octets;
  return buffers.hold(reader, reader.backlog);
}

beforeEach(() => {
  vi.useFakeTimers();
  return () => {
    vi.runOnlyPendingTimers();
    vi.useRealTimers();
  };
});

test('one that has link_buffer waiting is full, the others are not', () => {
  const buffers = new Buffers(() => LIMITS);
  const [slow, other] = [new Reader(), new Reader()];
  expect([add(buffers, slow, 99), add(buffers, slow, 1), add(buffers, other, 50)]).toEqual([true, false, true]);
  expect([buffers.octets, buffers.stops, buffers.isFull]).toEqual([150, 1, false]);
});

test('with buffer in all, whoever has anything waiting is full', () => {
  const buffers = new Buffers(() => LIMITS);
  for (const reader of [new Reader(), new Reader()]) add(buffers, reader, 124);
  expect(buffers.isFull).toBe(false);
  const late = new Reader();
  expect(add(buffers, late, 1)).toBe(true);
  expect(add(buffers, late, 1)).toBe(false);
  expect([buffers.octets, buffers.isFull]).toEqual([250, true]);
});

test('what goes makes room, whether it is told of or not', () => {
  const buffers = new Buffers(() => LIMITS);
  const [told, found, partly] = [new Reader(), new Reader(), new Reader()];
  for (const reader of [told, found, partly]) add(buffers, reader, 90);
  expect(buffers.isFull).toBe(true);
  told.backlog = 0;
  buffers.release(told);
  expect([buffers.octets, told.releases]).toEqual([180, 0]);
  found.backlog = 0;
  partly.backlog = 40;
  vi.advanceTimersByTime(100);
  expect([buffers.octets, found.releases, partly.releases]).toEqual([40, 1, 0]);
});

test('who is stopped and has nothing waiting any more at the end of the turn goes on then', () => {
  const buffers = new Buffers(() => LIMITS);
  const [quick, slow] = [new Reader(), new Reader()];
  for (const reader of [new Reader(), new Reader(), slow]) add(buffers, reader, 90);
  expect(add(buffers, quick, 10)).toBe(false);
  quick.backlog = 0;
  vi.advanceTimersByTime(0);
  expect([buffers.octets, quick.releases, slow.releases]).toEqual([270, 1, 0]);
});

test('it needs a timer for as long as anything waits', () => {
  const buffers = new Buffers(() => LIMITS);
  expect(vi.getTimerCount()).toBe(0);
  const [one, other] = [new Reader(), new Reader()];
  for (const reader of [one, other]) add(buffers, reader, 10);
  expect(vi.getTimerCount()).toBe(1);
  buffers.release(one);
  expect(vi.getTimerCount()).toBe(1);
  other.backlog = 0;
  vi.advanceTimersByTime(100);
  expect([vi.getTimerCount(), buffers.octets, other.releases]).toEqual([0, 0, 1]);
  buffers.release(other);
  expect(buffers.octets).toBe(0);
});
