import { expect, test } from 'vitest';
import { Counts } from '#src/control/counts.js';
import { figuresOf, merged } from '#src/control/figures.js';
import { upstreamHealth } from '#src/control/upstreams.js';

/** What a worker tells of its next hops. */
function worker(...upstreams: readonly { name: string; up: boolean; succeeded: number; failed: number }[]) {
  return figuresOf(new Counts([]), {
    filterDecisions: () => ({}),
    hep: () => [],
    tlsCertificates: () => [],
    upstreams: () => upstreams,
    observerErrors: () => 0,
    logLinesDropped: () => 0,
    usage: () => ({ worker: '1', cpuSeconds: 0, residentBytes: 0 }),
  });
}

test('up is what all workers say, and dials are added', () => {
  const [a, b] = ['msrp:a:2855', 'msrps:[2001:db8::1]:7'];
  const figures = merged([
    worker({ name: a, up: true, succeeded: 1, failed: 2 }, { name: b, up: true, succeeded: 3, failed: 0 }),
    worker({ name: a, up: false, succeeded: 10, failed: 20 }, { name: b, up: true, succeeded: 4, failed: 0 }),
  ]);
  expect(upstreamHealth(figures)).toEqual([
    { Upstream: a, Up: false, Succeeded: 11, Failed: 22 },
    { Upstream: b, Up: true, Succeeded: 7, Failed: 0 },
  ]);
  expect(upstreamHealth({})).toEqual([]);
});
