/** Which of the clients that connect are let in. */
import type { Socket } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AcceptGate, carriesOthers, type AcceptLimits } from '#src/net/accept-gate.js';
import { sourceOf, Sources } from '#src/net/sources.js';

const NO_LIMITS: AcceptLimits = {
  max_connections: 1_000_000,
  connections_per_source: 0,
  accept_rate: 0,
  accept_rate_per_source: 0,
};

/** A gate, and all that it has let in. */
class Door {
  limits: AcceptLimits;
  all = 0;
  readonly sources = new Sources();
  readonly #gate: AcceptGate;

  constructor(limits: Partial<AcceptLimits>) {
    this.limits = { ...NO_LIMITS, ...limits };
    this.#gate = new AcceptGate(() => this.limits, { all: () => this.all, of: (source) => this.sources.of(source) });
  }

  /** @returns why it is not let in; null: it is */
  knock(remoteAddress: string, isProxy: (ip: string) => boolean = () => false): string | null {
    const { refusal, source } = this.#gate.admit({ remoteAddress } as Socket, isProxy);
    if (refusal !== null) return refusal;
    this.all += 1;
    if (source !== null) this.sources.add(source);
    return null;
  }

  /** How many of so many are let in. */
  crowd(count: number, remoteAddress: string): number {
    return Array.from({ length: count }, () => this.knock(remoteAddress)).filter((refusal) => refusal === null).length;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  return () => void vi.useRealTimers();
});

describe('connections', () => {
  it('max_connections holds for all', () => {
    const door = new Door({ max_connections: 2 });
    expect([door.knock('192.0.2.1'), door.knock('192.0.2.2'), door.knock('192.0.2.3')]).toEqual([
      null,
      null,
      'max_connections',
    ]);
  });

  it('connections_per_source holds for each address, and what ends makes room', () => {
    const door = new Door({ connections_per_source: 2 });
    expect(door.crowd(5, '192.0.2.1')).toBe(2);
    expect(door.knock('192.0.2.1')).toBe('connections_per_source');
    expect(door.crowd(5, '192.0.2.2')).toBe(2);
    // As a dual-stack socket names it.
    expect(door.knock('::ffff:192.0.2.1')).toBe('connections_per_source');
    door.sources.remove(sourceOf('192.0.2.1'));
    expect(door.knock('192.0.2.1')).toBeNull();
  });

  it('an IPv6 source is a /64', () => {
    const door = new Door({ connections_per_source: 2 });
    expect(door.knock('2001:db8:0:1::1')).toBeNull();
    expect(door.knock('2001:db8:0:1:ffff::2')).toBeNull();
    expect(door.knock('2001:db8:0:1::3')).toBe('connections_per_source');
    expect(door.knock('2001:db8:0:2::1')).toBeNull();
  });

  it('a sender of PROXY protocol headers carries the connections of many, and has no limit of its own', () => {
    const door = new Door({ connections_per_source: 1, accept_rate_per_source: 1 });
    const isProxy = carriesOthers({ from: [{ ip: '10.0.9.0', prefix: 24 }] });
    for (let i = 0; i < 5; i += 1) expect(door.knock('10.0.9.1', isProxy)).toBeNull();
    for (let i = 0; i < 5; i += 1) expect(door.knock('::ffff:10.0.9.2', isProxy)).toBeNull();
    expect([door.knock('10.0.8.1', isProxy), door.knock('10.0.8.1', isProxy)]).toEqual([
      null,
      'connections_per_source',
    ]);
  });

  it('without limits nobody is counted or refused', () => {
    const door = new Door({});
    expect(door.crowd(50_000, '192.0.2.1')).toBe(50_000);
    expect(door.sources.of('192.0.2.1')).toBe(0);
  });

  it('limits that change hold from then on', () => {
    const door = new Door({ accept_rate: 10 });
    expect(door.crowd(20, '192.0.2.1')).toBe(10);
    door.limits = { ...NO_LIMITS, accept_rate: 15 };
    expect(door.crowd(20, '192.0.2.1')).toBe(15);
    door.limits = NO_LIMITS;
    expect(door.crowd(20, '192.0.2.1')).toBe(20);
    door.limits = { ...NO_LIMITS, max_connections: 1 };
    expect(door.knock('192.0.2.1')).toBe('max_connections');
  });
});

describe('accepts in a second', () => {
  it('are as many at once, and then come back one by one', () => {
    const door = new Door({ accept_rate: 100 });
    expect(door.crowd(150, '192.0.2.1')).toBe(100);
    expect(door.knock('192.0.2.9')).toBe('accept_rate');
    vi.advanceTimersByTime(100);
    expect(door.crowd(50, '192.0.2.1')).toBe(10);
    vi.advanceTimersByTime(60_000);
    expect(door.crowd(150, '192.0.2.1')).toBe(100);
  });

  it('of one source do not use up those of all', () => {
    const door = new Door({ accept_rate: 100, accept_rate_per_source: 5 });
    expect(door.crowd(1_000, '192.0.2.1')).toBe(5);
    expect(door.knock('192.0.2.1')).toBe('accept_rate_per_source');
    expect(door.crowd(5, '192.0.2.2')).toBe(5);
  });

  it('who is refused for another reason spends none', () => {
    const door = new Door({ max_connections: 1, accept_rate: 2 });
    expect(door.crowd(50, '192.0.2.1')).toBe(1);
    door.all = 0;
    expect(door.knock('192.0.2.1')).toBeNull();
  });
});

it('sources are forgotten with their last connection', () => {
  const sources = new Sources();
  sources.add('a');
  sources.add('a');
  sources.remove('a');
  expect(sources.of('a')).toBe(1);
  sources.remove('a');
  sources.remove('a');
  sources.add('a');
  expect(sources.of('a')).toBe(1);
});
