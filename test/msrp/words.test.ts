import fc from 'fast-check';
import { expect, test } from 'vitest';
import { areIdentChars, areTokenChars, isIdentChar, isTokenChar } from '#src/msrp/grammar.js';
import { hasControl, lookAt, sameOctets, wordsOf } from '#src/msrp/words.js';

/** What no number is, ones that are equal in more than one way, and what texts are made of. */
const octet = fc.oneof(fc.constantFrom(0xff, 0xf0, 0x7f, 0x80, 0x01, 0x2d), fc.integer({ min: 1, max: 255 }));

test('sameOctets finds the first octet that differs, within both stops', () => {
  const cases = fc.record({
    known: fc.array(octet, { minLength: 1, maxLength: 150 }),
    changed: fc.option(fc.tuple(fc.nat(200), fc.nat(255))),
    at: fc.nat(9),
    from: fc.nat(40),
    cut: fc.nat(160),
  });
  fc.assert(
    fc.property(cases, ({ known, changed, at, from, cut }) => {
      const start = Math.min(from, known.length);
      const octets = [...Array<number>(at).fill(0), ...known.slice(start)];
      if (changed !== null && changed[0] < octets.length) octets[changed[0]] = changed[1];
      const stop = Math.max(at, octets.length - cut);
      let expected = start;
      while (
        expected < known.length &&
        expected - start + at < stop &&
        octets[expected - start + at] === known[expected]
      ) {
        expected++;
      }
      const words = wordsOf(Uint8Array.from(octets));
      expect(sameOctets(words, at, stop, wordsOf(Uint8Array.from(known)), start, known.length)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test('four octets are judged as each of them is', () => {
  for (const others of [0x61, 0x2d, 0xff]) {
    for (let place = 0; place < 4; place++) {
      for (let value = 0; value < 256; value++) {
        const four = Uint8Array.of(others, others, others, others);
        four[place] = value;
        const word = wordsOf(four).getInt32(0);
        expect(hasControl(word)).toBe(value <= 0x0d);
        expect(areIdentChars(word)).toBe(isIdentChar(others) && isIdentChar(value));
        expect(areTokenChars(word)).toBe(isTokenChar(others) && isTokenChar(value));
      }
    }
  }
});

test.each([1, 4_095, 4_096, 4_097, 70_000])('lookAt sees a read of %i octets as it is', (length) => {
  const memory = Buffer.alloc(length + 3, 'x');
  const read = memory.subarray(3);
  for (let at = 0; at < length; at++) read[at] = (at * 7) % 256;
  const words = lookAt(read);
  expect(Array.from(read, (_, at) => words.getUint8(at))).toEqual([...read]);
});

test.each([100, 5_000])(
  'lookAt sees %i octets as they are when they are read into the same place again and again',
  (length) => {
    const place = new Uint8Array(70_000);
    const elsewhere = new Uint8Array(length).fill(0x78);
    for (let round = 0; round < 5; round++) {
      const read = Buffer.from(place.buffer, 0, length + round);
      read.fill(round);
      expect(lookAt(read).getUint8(length + round - 1)).toBe(round);
      read.fill(round + 100);
      expect(lookAt(read).getUint8(0)).toBe(round + 100);
      if (round === 2) expect(lookAt(elsewhere).getUint8(length - 1)).toBe(0x78);
      expect(lookAt(Buffer.from(place.buffer, 7, length)).getUint8(0)).toBe(round + 100);
    }
  },
);
