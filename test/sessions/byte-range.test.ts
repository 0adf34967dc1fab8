import { describe, expect, it } from 'vitest';
import { Parser } from '#src/msrp/parser.js';
import { byteRangeOf, rangeOf } from '#src/sessions/byte-range.js';

const WHOLE = { start: 1, end: -1, total: -1 };

describe('the value', () => {
  it.each([
    ['1-200/200', { start: 1, end: 200, total: 200 }],
    ['2049-*/*', { start: 2049, end: -1, total: -1 }],
    ['1-0/0', { start: 1, end: 0, total: 0 }],
    ['1-999999999999999/*', { start: 1, end: 999_999_999_999_999, total: -1 }],
    ['1-9999999999999999/*', WHOLE],
    ['', WHOLE],
    ['1-2', WHOLE],
    ['-1-2/3', WHOLE],
    ['one-two/three', WHOLE],
    ['1-2/3/4', WHOLE],
  ])('%j', (value, range) => {
    expect(rangeOf(value)).toEqual(range);
  });

  it('may be missing', () => {
    expect(rangeOf(undefined)).toEqual(WHOLE);
  });
});

describe('in a message', () => {
  const TYPE = 'Content-Type: text/plain\r\n';

  it.each([
    'Byte-Range: 1-5/12345',
    'Byte-Range:1-5/12345',
    'byte-range: 1-5/12345',
    'BYTE-RANGE:  1-5/12345 ',
    'Byte-Range: 1-*/*',
    'Byte-Range: 1-5/*',
    'Byte-Range: 9999999999-10000000000/10000000000',
    'Byte-Range: 999999999-999999999/999999999',
    'Byte-Range: 1234567890123456-2/3',
    'X-Byte-Range: 1-5/12345',
    'X: Byte-Range: 1-5/12345',
    'Byte-Range: x1-5/12345',
    'Byte-Range: 1-5/12345x',
    'Byte-Range: 1--5/12345',
    'Byte-Range: /',
    'Byte-Range: -/',
    'Byte-Range:',
    'Message-ID: 7',
  ])('%j says the same where it is expected as anywhere', (line) => {
    const bytes = Buffer.from(
      `MSRP abcd SEND\r\nTo-Path: a\r\nFrom-Path: b\r\n${line}\r\n${TYPE}\r\nhello\r\n-------abcd$\r\n`,
    );
    const parser = new Parser();
    parser.parse(bytes);
    const [piece] = parser.pieces;
    if (piece === undefined) throw new Error('no message');
    const { message } = piece;
    const lineEnd = message.headLength - 2 - TYPE.length;
    const expected = rangeOf(message.header('Byte-Range'));
    expect({ ...byteRangeOf(message, bytes, lineEnd, false) }).toEqual(expected);
    expect({ ...byteRangeOf(message, bytes, 0, false) }).toEqual(expected);
    if (/^byte-range:/i.test(line)) expect({ ...byteRangeOf(message, bytes, lineEnd, true) }).toEqual(expected);
  });
});
