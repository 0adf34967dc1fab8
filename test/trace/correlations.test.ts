import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { Correlations, type CorrelationTime } from '#src/trace/correlations.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIFETIME = 80_000;
const table = (limit = 100): Correlations => new Correlations({ limit, lifetime: LIFETIME });
const told = (session: string, call: string, seconds = 60): CorrelationTime => ({ session, call, seconds, from: 'mi' });
const sessionsOf = (all: Correlations): string[] => [...all.times()].map(({ session }) => session);

describe('what is told', () => {
  it('is known until its time is over', () => {
    const all = table();
    all.tell(told('s', 'c', 5));
    vi.advanceTimersByTime(4_900);
    expect(all.get('s')).toMatchObject({ call: 'c', isKnown: true });
    expect(all.timeOf('s')?.seconds).toBeCloseTo(0.1, 3);
    vi.advanceTimersByTime(200);
    expect(all.get('s')).toBeNull();
    expect([all.timeOf('s'), sessionsOf(all)]).toEqual([null, []]);
  });

  it('counts in place of what was known, for those who hold it too', () => {
    const all = table();
    all.learn('s', 'c');
    const held = all.get('s');
    all.tell(told('s', 'd'));
    expect([held?.call, all.size]).toEqual(['d', 1]);
    expect(all.counts.learnt).toEqual({ mi: 1, sip: 1 });
  });

  it('is taken back with no time', () => {
    const all = table();
    all.tell(told('s', 'c'));
    const held = all.get('s');
    all.tell(told('s', '', 0));
    expect([held?.call, held?.isKnown, all.get('s'), all.size]).toEqual([null, false, null, 0]);
    all.tell(told('unknown', '', 0));
    expect(all.size).toBe(0);
  });
});

describe('what SIP says', () => {
  it('holds for the lifetime, and is told to others once', () => {
    const all = table();
    expect(all.learn('s', 'c')).toEqual({ session: 's', call: 'c', from: 'sip', seconds: LIFETIME / 1_000 });
    vi.advanceTimersByTime(LIFETIME / 10);
    expect(all.learn('s', 'c')).toBeNull();
    vi.advanceTimersByTime(LIFETIME / 10);
    expect(all.learn('s', 'c')).toMatchObject({ seconds: LIFETIME / 1_000 });
    vi.advanceTimersByTime(LIFETIME - 1);
    expect(all.get('s')?.call).toBe('c');
    vi.advanceTimersByTime(1);
    expect(all.get('s')).toBeNull();
    expect(all.counts.learnt).toEqual({ mi: 0, sip: 1 });
  });

  it('the first call that names a session has it, until its time is over', () => {
    const all = table();
    all.learn('s', 'c');
    expect(all.learn('s', 'd')).toBeNull();
    expect([all.get('s')?.call, all.counts.refused]).toEqual(['c', 1]);
    vi.advanceTimersByTime(LIFETIME);
    expect(all.learn('s', 'd')).not.toBeNull();
    expect(all.get('s')?.call).toBe('d');
  });

  it('does not change what MI told, but makes it last', () => {
    const all = table();
    all.tell(told('s', 'c', 10));
    expect(all.learn('s', 'd')).toBeNull();
    expect(all.learn('s', 'c')).toMatchObject({ from: 'mi' });
    vi.advanceTimersByTime(20_000);
    expect(all.get('s')?.call).toBe('c');
  });

  it('does not shorten what MI told', () => {
    const all = table();
    all.tell(told('s', 'c', 10_000));
    expect(all.learn('s', 'c')).toBeNull();
    vi.advanceTimersByTime(5_000_000);
    expect(all.get('s')?.call).toBe('c');
  });
});

describe('a full table', () => {
  it('forgets the oldest, by when it was told last', () => {
    const all = table(3);
    for (const session of ['a', 'b', 'c']) all.tell(told(session, 'x'));
    const oldest = all.get('b');
    all.tell(told('a', 'x'));
    all.learn('d', 'x');
    expect(sessionsOf(all)).toEqual(['c', 'a', 'd']);
    expect([all.size, all.counts.forgotten]).toEqual([3, 1]);
    // A link that holds it keeps its call.
    expect(oldest).toMatchObject({ call: 'x', isKnown: false });
  });

  it('stays as large as it is in a flood', () => {
    const all = table(50);
    for (let index = 0; index < 5_000; index += 1) all.learn(`s${index}`, 'c');
    expect([all.size, all.counts.forgotten]).toEqual([50, 4_950]);
    expect(all.get('s4999')?.call).toBe('c');
  });
});

it('those whose time is over go by themselves, be they as many as they want, and whatever stays before them', () => {
  const all = table(20_000);
  all.tell(told('stays', 'c', 1_000));
  for (let index = 0; index < 12_000; index += 1) all.learn(`s${index}`, 'c');
  vi.advanceTimersByTime(LIFETIME + 10_000);
  expect(all.size).toBe(1);
  vi.advanceTimersByTime(1_000_000);
  expect(all.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  all.tell(told('again', 'c', 1));
  vi.advanceTimersByTime(3_000);
  expect(all.size).toBe(0);
});

it('lists the newest first', () => {
  const all = table();
  for (const session of ['a', 'b', 'c']) all.tell(told(session, 'x'));
  expect(all.newest(2).map(({ session }) => session)).toEqual(['c', 'b']);
  expect(all.newest(9)).toHaveLength(3);
});

it('what is told while the list is read comes up in it', () => {
  const all = table();
  all.tell(told('a', 'x'));
  const seen: string[] = [];
  for (const { session } of all.times()) {
    seen.push(session);
    if (session === 'a' && seen.length === 1) all.tell(told('b', 'x'));
  }
  expect(seen).toEqual(['a', 'b']);
});
