import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ranges } from '#src/sessions/ranges.js';

const added = (...pieces: readonly (readonly [number, number])[]): { ranges: Ranges; overlaps: boolean[] } => {
  const ranges = new Ranges();
  return { ranges, overlaps: pieces.map(([start, end]) => ranges.add(start, end)) };
};

describe('octets that were seen', () => {
  it('are one piece when they come in order', () => {
    const { ranges, overlaps } = added([1, 2048], [2049, 4096], [4097, 5000]);
    expect(ranges.toString()).toBe('1-5000');
    expect(ranges.octets).toBe(5_000);
    expect([ranges.covers(5_000), ranges.covers(5_001)]).toEqual([true, false]);
    expect(overlaps).toEqual([false, false, false]);
  });

  it('have gaps, until they are filled', () => {
    const { ranges } = added([1, 10], [21, 30]);
    expect([ranges.toString(), ranges.covers(30)]).toEqual(['1-10,21-30', false]);
    expect(ranges.add(11, 20)).toBe(false);
    expect([ranges.toString(), ranges.covers(30)]).toEqual(['1-30', true]);
  });

  it('overlap when one comes twice', () => {
    expect(added([1, 10], [10, 20]).overlaps).toEqual([false, true]);
    expect(added([5, 10], [1, 4]).overlaps).toEqual([false, false]);
    expect(added([5, 10], [20, 30], [1, 40]).ranges.toString()).toBe('1-40');
  });

  it('are none of an empty chunk', () => {
    const { ranges } = added([1, 0]);
    expect([ranges.toString(), ranges.octets, ranges.covers(0), ranges.covers(1)]).toEqual(['', 0, true, false]);
  });

  it('are those of a set of numbers, whatever their order', () => {
    const piece = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 8 }));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 60 }), (pieces, total) => {
        const ranges = new Ranges();
        const seen = new Set<number>();
        for (const [start, length] of pieces) {
          const octets = Array.from({ length }, (_, index) => start + index);
          expect(ranges.add(start, start + length - 1)).toBe(octets.some((octet) => seen.has(octet)));
          for (const octet of octets) seen.add(octet);
        }
        expect(ranges.octets).toBe(seen.size);
        const all = Array.from({ length: total }, (_, index) => index + 1);
        expect(ranges.covers(total)).toBe(all.every((octet) => seen.has(octet)));
      }),
    );
  });

  it('take no more memory for being many, and keep their first gaps', () => {
    const ranges = new Ranges();
    for (let start = 1; start < 100_000; start += 10) ranges.add(start, start);
    expect(ranges.toString().split(',')).toHaveLength(16);
    expect(ranges.toString()).toMatch(/^1-1,11-11,21-21,/);
    expect(ranges.covers(99_991)).toBe(false);
  });
});
