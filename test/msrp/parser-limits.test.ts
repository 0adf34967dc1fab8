import { describe, expect, it } from 'vitest';
import { Parser } from '#src/msrp/parser.js';
import { cutAt, dripped, transcribe } from '../helpers/msrp.js';

const KIB = 1024;
const MIB = KIB * KIB;

const START_LINE = 'MSRP abcd SEND\r\n';

function header(length: number): string {
  return `X: ${'x'.repeat(length - 'X: \r\n'.length)}\r\n`;
}

describe('maxHeaderSection', () => {
  const limited = { maxHeaderSection: 100 };

  it.each([
    ['a blank line', '\r\n', 'body\r\n-------abcd$\r\n'],
    ['an end-line', '', '-------abcd$\r\n'],
  ])('may be used up by a section that ends with %s', (_, blank, rest) => {
    const section = START_LINE + header(100 - START_LINE.length - blank.length) + blank;
    const stream = Buffer.from(section + rest);
    expect(transcribe([stream], limited)).toMatchObject({ error: null, messages: [{ headLength: 100 }] });
    expect(transcribe(dripped(stream), limited)).toEqual(transcribe([stream], limited));
  });

  it.each([
    ['a header', START_LINE + header(20) + header(65)],
    ['a header name', START_LINE + header(84) + 'X'],
    ['a name that begins as an end-line does', START_LINE + header(84) + '------x'],
    ['the blank line', START_LINE + header(83) + '\r\n'],
    ['a comment', `MSRP abcd 200 ${'x'.repeat(100 - 'MSRP abcd 200 '.length)}\r\n`],
  ])('must not be exceeded by %s', (_, text) => {
    const stream = Buffer.from(text);
    expect(transcribe([stream], limited).error).toBe('header_section_too_long');
    expect(transcribe(dripped(stream), limited).error).toBe('header_section_too_long');
    for (let at = 1; at < stream.length; at++) {
      expect(transcribe(cutAt(stream, [at]), limited).error).toBe('header_section_too_long');
    }
  });

  it('is noticed at once', () => {
    const stream = Buffer.from(START_LINE + header(200));
    expect(transcribe(dripped(stream), limited).accepted).toBe(100);
    expect(transcribe([stream], limited).accepted).toBe(START_LINE.length);
  });

  it('is 16384 unless told otherwise, and holds for each message anew', () => {
    const section = Buffer.from(`${START_LINE}${header(16_384 - START_LINE.length)}`);
    const message = Buffer.concat([section, Buffer.from('-------abcd$\r\n')]);
    expect(transcribe([message, message])).toMatchObject({ error: null, messages: [{}, {}] });
    expect(transcribe([message, section, Buffer.from('X')]).error).toBe('header_section_too_long');
  });
});

describe('the work', () => {
  it('is linear in a header section that drips in octet by octet', { timeout: 60_000 }, () => {
    const length = MIB;
    const stream = Buffer.from(`MSRP abcd SEND\r\nX: ${'x'.repeat(length)}\r\n-------abcd$\r\n`);
    const parser = new Parser({ maxHeaderSection: 2 * length });
    const started = performance.now();
    for (let at = 0; at < stream.length; at++) {
      parser.parse(stream.subarray(at, at + 1));
      if (at < stream.length - 1) parser.settle();
    }
    // To copy the section anew for every octet would be to move half a tebibyte: minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(parser.pieces[0]?.message.header('x')).toHaveLength(length);
  });

  it('is linear in a body of what is almost an end-line', { timeout: 60_000 }, () => {
    const almost = '\r\n-------abcd$\r';
    const stream = Buffer.from(`MSRP abcd SEND\r\n\r\n${almost.repeat(MIB / almost.length)}\r\n-------abcd$\r\n`);
    const parser = new Parser();
    const started = performance.now();
    parser.parse(stream);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(parser.pieces[0]?.message.length).toBe(stream.length);
  });
});

describe('a body of many gigabytes', () => {
  const read = Buffer.alloc(MIB, 'x');

  function feed(parser: Parser, reads: number): void {
    for (let i = 0; i < reads; i++) {
      parser.parse(read);
      parser.settle();
    }
  }

  it('is counted exactly, beyond 32 bits', { timeout: 60_000 }, () => {
    const parser = new Parser();
    const head = Buffer.from('MSRP abcd SEND\r\n\r\n');
    parser.parse(head);
    parser.settle();
    feed(parser, 4100);
    expect(parser.open?.bodyLength).toBe(4100 * MIB);
    parser.parse(Buffer.from('\r\n-------abcd$\r\n'));
    const length = head.length + 4100 * MIB + '\r\n-------abcd$\r\n'.length;
    expect(parser.pieces[0]?.message).toMatchObject({ complete: true, bodyLength: 4100 * MIB, length });
  });

  it('takes no memory', () => {
    const parser = new Parser();
    parser.parse(Buffer.from('MSRP abcd SEND\r\n\r\n'));
    parser.settle();
    feed(parser, 8);
    const before = process.memoryUsage();
    feed(parser, 64);
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(MIB);
    expect(after.heapUsed - before.heapUsed).toBeLessThan(8 * MIB);
  });
});
