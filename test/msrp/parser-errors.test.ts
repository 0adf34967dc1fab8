import { describe, expect, it } from 'vitest';
import { Parser, type ParseErrorKind } from '#src/msrp/parser.js';
import { dripped, transcribe } from '../helpers/msrp.js';
import { OK, SEND } from './examples.js';

/**
 * Streams that are right up to the first octet of their last part. `before`: the lines before the offending one.
 */
const CASES: [what: string, kind: ParseErrorKind, before: string, offending: string][] = [
  ['an HTTP request', 'start_line', '', 'G'],
  ['a TLS ClientHello', 'start_line', '', '\x16'],
  ['a bare LF', 'start_line', '', '\n'],
  ['a protocol in lower case', 'start_line', '', 'm'],
  ['another protocol', 'start_line', '', 'MSRQ'],
  ['a version behind the protocol', 'start_line', '', 'MSRP/'],
  ['two spaces', 'transaction_id', '', 'MSRP  '],
  ['a transaction-id that begins with a hyphen', 'transaction_id', '', 'MSRP -'],
  ['a transaction-id of three', 'transaction_id', '', 'MSRP abc '],
  ['a transaction-id of 33', 'transaction_id', '', `MSRP ${'a'.repeat(33)}`],
  ['an octet no ident has', 'transaction_id', '', 'MSRP abcd_'],
  ['a line that ends behind the transaction-id', 'transaction_id', '', 'MSRP abcd\r'],
  ['a method in lower case', 'start_line', '', 'MSRP abcd s'],
  ['a method with a digit', 'start_line', '', 'MSRP abcd SEND2'],
  ['something behind the method', 'start_line', '', 'MSRP abcd SEND '],
  ['a status of two digits', 'start_line', '', 'MSRP abcd 20 '],
  ['a status of four digits', 'start_line', '', 'MSRP abcd 2000'],
  ['a bare LF behind the method', 'start_line', '', 'MSRP abcd SEND\n'],
  ['a bare CR behind the method', 'start_line', '', 'MSRP abcd SEND\rx'],
  ['a NUL in the comment', 'start_line', '', 'MSRP abcd 200 O\0'],
  ['a bare LF in the comment', 'start_line', '', 'MSRP abcd 200 OK\n'],
  ['a line without a colon', 'header', 'MSRP abcd SEND\r\nA: b\r\n', 'Header\r'],
  ['a header without a name', 'header', 'MSRP abcd SEND\r\nA: b\r\n', ':'],
  ['a folded line', 'header', 'MSRP abcd SEND\r\nA: b\r\n', ' '],
  ['a bare LF in a header', 'header', 'MSRP abcd SEND\r\nA: b\r\n', 'C: d\n'],
  ['a bare CR in a header', 'header', 'MSRP abcd SEND\r\nA: b\r\n', 'C: d\re'],
  ['two CRs behind a header', 'header', 'MSRP abcd SEND\r\nA: b\r\n', 'C: d\r\r'],
  ['a NUL in a header', 'header', 'MSRP abcd SEND\r\nA: b\r\n', 'C: d\0'],
  ['a bare LF in place of a header', 'header', 'MSRP abcd SEND\r\nA: b\r\n', '\n'],
  ['a bare CR in place of a header', 'header', 'MSRP abcd SEND\r\nA: b\r\n', '\rx'],
  ['the end-line of another message', 'end_line', 'MSRP abcd SEND\r\nA: b\r\n', '-------abcx'],
  ['a longer id in the end-line', 'end_line', 'MSRP abcd SEND\r\nA: b\r\n', '-------abcde'],
  ['eight hyphens', 'end_line', 'MSRP abcd SEND\r\nA: b\r\n', '--------'],
  ['a continuation flag that is none', 'end_line', 'MSRP abcd SEND\r\nA: b\r\n', '-------abcd!'],
  ['a bare LF behind the end-line', 'end_line', 'MSRP abcd SEND\r\nA: b\r\n', '-------abcd$\n'],
  ['a bare CR behind the end-line', 'end_line', 'MSRP abcd SEND\r\nA: b\r\n', '-------abcd$\rx'],
  ['a bare CR between messages', 'between_messages', '', '\rM'],
];

describe.each(CASES)('%s', (_, kind, before, offending) => {
  const garbage = Buffer.from(`${before}${offending}`, 'latin1');
  const stream = Buffer.concat([SEND, garbage, OK]);
  const good = SEND.length + before.length;

  it('is an error, and nothing from its line on is to be passed on', () => {
    const parser = new Parser();
    expect(parser.parse(stream)).toBe(good);
    expect(parser.error).toBe(kind);
    expect(parser.pieces.map(({ start, end }) => [start, end])).toEqual([
      [0, SEND.length],
      ...(before === '' ? [] : [[SEND.length, good]]),
    ]);
    expect(parser.open?.length ?? null).toBe(before === '' ? null : before.length);
  });

  it('is noticed at its first octet that cannot be right', () => {
    const last = stream.length - OK.length - 1;
    const { error, accepted, messages } = transcribe(dripped(stream));
    expect(error).toBe(kind);
    expect(accepted).toBe(last);
    expect(messages).toHaveLength(1);
    expect(transcribe([stream.subarray(0, last)]).error).toBeNull();
  });

  it('ends the parsing', () => {
    const parser = new Parser();
    parser.parse(stream);
    expect(parser.parse(OK)).toBe(0);
    expect(parser.pieces).toEqual([]);
    expect(parser.strayBytes).toBe(0);
    expect(parser.error).toBe(kind);
  });
});

describe('the error offset', () => {
  it('is 0 for a line that began in an earlier read', () => {
    const parser = new Parser();
    parser.parse(Buffer.from('MSRP abcd SEND\r\nA: b\r\nHea'));
    parser.settle();
    expect(parser.parse(Buffer.from('der\r\nC: d\r\n'))).toBe(0);
    expect(parser.error).toBe('header');
    expect(parser.pieces).toEqual([]);
    expect(parser.open?.length).toBe('MSRP abcd SEND\r\nA: b\r\nHea'.length);
  });

  it('leaves a message whose head can be read, also when the buffer is used again', () => {
    const parser = new Parser();
    const read = Buffer.from('MSRP abcd SEND\r\nA: b\r\n-------abcx$\r\n');
    expect(parser.parse(read)).toBe('MSRP abcd SEND\r\nA: b\r\n'.length);
    parser.settle();
    read.fill(0xff);
    expect(parser.error).toBe('end_line');
    expect(parser.open).toMatchObject({ transactionId: 'abcd', complete: false });
    expect(parser.open?.headers()).toEqual([['A', 'b']]);
  });

  it('leaves out the stray CR that no LF follows', () => {
    const parser = new Parser();
    expect(parser.parse(Buffer.from('\r\n\r\n\rM'))).toBe(4);
    expect(parser.strayBytes).toBe(4);
  });

  it('is 0 when that CR was the end of the read before', () => {
    const parser = new Parser();
    expect(parser.parse(Buffer.from('\r\n\r'))).toBe(3);
    parser.settle();
    expect(parser.parse(Buffer.from('MSRP'))).toBe(0);
    expect(parser.error).toBe('between_messages');
    expect(parser.strayBytes).toBe(0);
  });
});
