import { describe, expect, test } from 'vitest';
import { FIRST_REST_MS, LONGEST_REST_MS, Upstream, UpstreamList, Upstreams } from '#src/proxy/upstreams.js';

const hop = (host: string): Upstream => new Upstream({ proto: 'msrp', host, port: 2855 });
const names = (upstreams: readonly Upstream[]): string => upstreams.map(({ nextHop }) => nextHop.host).join('');

/** How long a dial may take. */
const LONGEST = 5_000;

function fail(upstream: Upstream, at: number): void {
  upstream.dial(at, LONGEST).failed(at);
}

describe('the order', () => {
  test('is that of the list, each time', () => {
    const list = new UpstreamList([hop('a'), hop('b'), hop('c')], 'ordered');
    expect([names(list.inOrder(0)), names(list.inOrder(0))]).toEqual(['abc', 'abc']);
  });

  test('begins one further each time with round_robin', () => {
    const list = new UpstreamList([hop('a'), hop('b'), hop('c')], 'round_robin');
    expect(Array.from({ length: 4 }, () => names(list.inOrder(0)))).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  test('begins where it is told to with round_robin', () => {
    const list = new UpstreamList([hop('a'), hop('b'), hop('c')], 'round_robin', 4);
    expect([names(list.inOrder(0)), names(list.inOrder(0))]).toEqual(['bca', 'cab']);
  });

  test('has those that rest last, whoever may be dialled again first before the others', () => {
    const [a, b, c, d] = [hop('a'), hop('b'), hop('c'), hop('d')];
    const list = new UpstreamList([a, b, c, d], 'ordered');
    fail(b, 20);
    fail(a, 30);
    fail(c, 10);
    expect(names(list.inOrder(40))).toBe('dcba');
    expect(names(list.inOrder(10 + FIRST_REST_MS))).toBe('cdba');
    expect(names(list.inOrder(30 + FIRST_REST_MS))).toBe('abcd');
  });

  test('has all of them, also when all rest', () => {
    const [a, b] = [hop('a'), hop('b')];
    fail(a, 0);
    fail(b, 0);
    expect(names(new UpstreamList([a, b], 'round_robin').inOrder(1))).toHaveLength(2);
  });
});

describe('rests', () => {
  test('are twice as long after each failure, up to a limit, and over with a success', () => {
    const upstream = hop('a');
    const rests: number[] = [];
    let now = 0;
    for (let i = 0; i < 8; i += 1) {
      fail(upstream, now);
      expect(upstream.up).toBe(false);
      rests.push(upstream.restsUntil - now);
      now = upstream.restsUntil;
    }
    expect(rests).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
    expect(rests.at(-1)).toBe(LONGEST_REST_MS);
    upstream.dial(now, LONGEST).succeeded();
    expect(upstream).toMatchObject({ up: true, restsUntil: 0, succeeded: 1, failed: 8 });
    fail(upstream, now);
    expect(upstream.restsUntil - now).toBe(FIRST_REST_MS);
  });

  test('are not longer for failures of dials that were under way together', () => {
    const upstream = hop('a');
    const dials = [1, 2, 3].map((at) => upstream.dial(at, LONGEST));
    for (const each of dials) each.failed(10);
    expect(upstream).toMatchObject({ failed: 3, restsUntil: 10 + FIRST_REST_MS });
  });

  test('are not longer for who was tried in spite of them', () => {
    const upstream = hop('a');
    fail(upstream, 0);
    fail(upstream, FIRST_REST_MS - 1);
    expect(upstream.restsUntil).toBe(FIRST_REST_MS);
  });

  test('end for one link at a time, which finds out', () => {
    const [a, b] = [hop('a'), hop('b')];
    const list = new UpstreamList([a, b], 'ordered');
    fail(a, 0);
    const probe = a.dial(FIRST_REST_MS, LONGEST);
    expect(names(list.inOrder(FIRST_REST_MS + 1))).toBe('ba');
    probe.givenUp(FIRST_REST_MS + 2);
    expect(names(list.inOrder(FIRST_REST_MS + 3))).toBe('ab');
    a.dial(FIRST_REST_MS + 3, LONGEST).succeeded();
    expect(names(list.inOrder(FIRST_REST_MS + 4))).toBe('ab');
  });
});

test('a next hop that two listeners have is one', () => {
  const upstreams = new Upstreams();
  const nextHop = { proto: 'msrps', host: '2001:db8::1', port: 7 } as const;
  expect(upstreams.of(nextHop)).toBe(upstreams.of({ ...nextHop }));
  upstreams.use([nextHop, { ...nextHop, proto: 'msrp' }, nextHop]);
  fail(upstreams.of(nextHop), 0);
  expect(upstreams.figures()).toMatchObject([
    { name: 'msrps:[2001:db8::1]:7', up: false, failed: 1 },
    { name: 'msrp:[2001:db8::1]:7', up: true, failed: 0 },
  ]);
});

test('a next hop that the configuration has no more is not told of; when it comes back, it is as it was', () => {
  const upstreams = new Upstreams();
  const [kept, gone] = [2855, 2856].map((port) => ({ proto: 'msrp', host: '192.0.2.1', port }) as const);
  if (kept === undefined || gone === undefined) throw new Error('unreachable');
  upstreams.use([kept, gone]);
  fail(upstreams.of(gone), 0);
  upstreams.use([kept]);
  expect(upstreams.figures()).toMatchObject([{ name: 'msrp:192.0.2.1:2855', failed: 0 }]);
  upstreams.use([gone]);
  expect(upstreams.figures()).toMatchObject([{ name: 'msrp:192.0.2.1:2856', up: false, failed: 1 }]);
});
