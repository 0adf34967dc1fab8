import { printable, printableJson } from '#src/lib/printable.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const ESC = '\u001b';

/** Any UTF-16 units, lone surrogates among them; with many of the ranges where controls and formats are. */
const texts = fc
  .array(fc.oneof(fc.nat(0xff), fc.nat(0xffff), fc.integer({ min: 0x2000, max: 0x20ff })))
  .map((units) => String.fromCharCode(...units));

describe('printable', () => {
  it.each([
    ['Grüße, 日本語 👋', 'Grüße, 日本語 👋'],
    ['one\r\ntwo\nthree', 'one⏎two⏎three'],
    ['a\tb', 'a b'],
    [`${ESC}[2J${ESC}]0;owned\u0007`, '\\u{1b}[2J\\u{1b}]0;owned\\u{7}'],
    ['\u009b31m', '\\u{9b}31m'],
    ['back\rover', 'back\\u{d}over'],
    ['abc\u202etxt.exe', 'abc\\u{202e}txt.exe'],
    ['\ud800', '\\u{d800}'],
    ['👩\u200d💻', '👩\u200d💻'],
  ])('%j', (text, shown) => {
    expect(printable(text, 100)).toBe(shown);
  });

  it('ends what is too long, between characters and between escapes', () => {
    expect(printable('abcdef', 3)).toBe('abc…');
    expect(printable('abc', 3)).toBe('abc');
    expect(printable('ab👋', 3)).toBe('ab…');
    expect(printable(`ab${ESC}`, 5)).toBe('ab…');
  });

  it('never gives a control character, and no more than it may', () => {
    fc.assert(
      fc.property(texts, fc.nat(40), (text, max) => {
        const shown = printable(text, max);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
        expect(shown.length).toBeLessThanOrEqual(max + 1);
      }),
    );
  });
});

describe('printableJson', () => {
  it('says the same without a control character', () => {
    fc.assert(
      fc.property(fc.array(texts), (value) => {
        const json = printableJson(JSON.stringify(value));
        expect(JSON.parse(json)).toEqual(value);
        expect(json).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('keeps the lines of JSON that is laid out', () => {
    expect(printableJson(JSON.stringify({ a: '\u0085' }, null, 4))).toBe('{\n    "a": "\\u0085"\n}');
  });
});
