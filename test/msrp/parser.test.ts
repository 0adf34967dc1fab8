import { describe, expect, it } from 'vitest';
import { Parser } from '#src/msrp/parser.js';
import { cutAt, dripped, transcribe, type Described } from '../helpers/msrp.js';
import * as examples from './examples.js';

function one(stream: Buffer): Described {
  const { messages, error } = transcribe([stream]);
  expect(error).toBeNull();
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

function bodyLengthOf(body: string): number {
  return one(Buffer.from(`MSRP abcd SEND\r\n\r\n${body}\r\n-------abcd$\r\n`)).bodyLength;
}

describe('a message', () => {
  it('is a request with a body', () => {
    expect(one(examples.SEND)).toEqual({
      kind: 'request',
      method: 'SEND',
      status: 0,
      comment: '',
      transactionId: 'a786hjs2',
      headers: [
        ['To-Path', 'msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp'],
        ['From-Path', 'msrp://atlanta.example.com:7654/jshA7weztas;tcp'],
        ['Message-ID', '87652491'],
        ['Byte-Range', '1-25/25'],
        ['Content-Type', 'text/plain'],
      ],
      failureReport: 'yes',
      successReport: false,
      flag: '$',
      headLength: examples.SEND.indexOf('Hey Bob'),
      bodyLength: 'Hey Bob, are you there?'.length,
      endLineLength: '\r\n-------a786hjs2$\r\n'.length,
      length: examples.SEND.length,
    });
  });

  it('is a response, with a comment or without', () => {
    expect(one(examples.OK)).toMatchObject({ kind: 'response', method: '', status: 200, comment: 'OK', bodyLength: 0 });
    expect(one(examples.OK_WITHOUT_COMMENT)).toMatchObject({ kind: 'response', status: 200, comment: '' });
    expect(one(Buffer.from('MSRP abcd 408 \r\n-------abcd$\r\n'))).toMatchObject({ status: 408, comment: '' });
    expect(one(Buffer.from('MSRP abcd 481 Keine ß\r\n-------abcd$\r\n'))).toMatchObject({ comment: 'Keine ß' });
  });

  it('without a body ends behind its headers', () => {
    for (const stream of [examples.AUTH, examples.REPORT, examples.BIND]) {
      const endLine = stream.indexOf('-------');
      expect(one(stream)).toMatchObject({
        headLength: endLine,
        bodyLength: 0,
        endLineLength: stream.length - endLine,
        length: stream.length,
      });
    }
  });

  it('may have any method, and any headers', () => {
    expect(one(examples.NICKNAME)).toMatchObject({ method: 'NICKNAME', transactionId: 'd93kswow' });
    expect(one(examples.AUTH)).toMatchObject({ method: 'AUTH', transactionId: '49fh' });
    expect(one(Buffer.from('MSRP abcd X\r\nx:\r\n-a-:b\r\n------:c\r\n-------abcd+\r\n'))).toMatchObject({
      method: 'X',
      headers: [
        ['x', ''],
        ['-a-', 'b'],
        ['------', 'c'],
      ],
      flag: '+',
    });
  });

  it('may have no header at all', () => {
    expect(one(examples.LONGEST_ID)).toMatchObject({ transactionId: 'Zz9.-+%=--------.-+%=abcdef01234', headers: [] });
    expect(one(Buffer.from('MSRP abcd SEND\r\n\r\nbody\r\n-------abcd$\r\n'))).toMatchObject({
      headers: [],
      bodyLength: 4,
    });
  });

  it('says how it goes on', () => {
    expect(one(examples.FIRST_CHUNK).flag).toBe('+');
    expect(one(examples.LAST_CHUNK).flag).toBe('$');
    expect(one(examples.ABORTED_CHUNK).flag).toBe('#');
  });
});

describe('an empty body', () => {
  it('may have a CRLF of its own', () => {
    expect(one(examples.EMPTY_BODY)).toMatchObject({
      headLength: examples.EMPTY_BODY.indexOf('\r\n\r\n') + 4,
      bodyLength: 0,
      endLineLength: '\r\n-------d93kswou$\r\n'.length,
    });
  });

  it('may share the CRLF of the blank line', () => {
    expect(one(examples.EMPTY_BODY_SHARING_CRLF)).toMatchObject({
      headLength: examples.EMPTY_BODY_SHARING_CRLF.indexOf('\r\n\r\n') + 4,
      bodyLength: 0,
      endLineLength: '-------d93kswov$\r\n'.length,
    });
  });
});

describe('a body', () => {
  it('may hold any octet, and whole messages', () => {
    expect(one(examples.BINARY).bodyLength).toBe(256);
    expect(one(examples.ENCLOSING).bodyLength).toBe(
      examples.ENCLOSING.indexOf('\r\n-------outer123') - examples.ENCLOSING.indexOf('MSRP inner123'),
    );
  });

  it.each([
    ['its id with a flag that is none', '\r\n-------abcd!\r\n'],
    ['its id as the beginning of a longer one', '\r\n-------abcde$\r\n'],
    ['a shorter id', '\r\n-------abc$\r\n'],
    ['its end-line with a bare LF', '\n-------abcd$\n'],
    ['its end-line with no CRLF before it', 'x-------abcd$\r\n'],
    ['its end-line with six hyphens', '\r\n------abcd$\r\n'],
    ['its end-line with eight hyphens', '\r\n--------abcd$\r\n'],
    ['its end-line with a blank behind', '\r\n-------abcd$ \r\n'],
    ['its end-line with two CRs behind', '\r\n-------abcd$\r\r\n'],
    ['its end-line with no LF, thrice', '\r\n-------abcd$\r\r\n-------abcd$\r\r\n-------abcd$\r'],
    ['its id in other case', '\r\n-------ABCD$\r\n'],
    ['an end-line cut short by a CRLF', '\r\n-------abcd'],
    ['an end-line cut short in its hyphens', '\r\n-----'],
    ['a CR', '\r'],
    ['a CRLF', '\r\n'],
  ])('may hold %s', (_, body) => {
    expect(bodyLengthOf(body)).toBe(body.length);
    expect(bodyLengthOf(`x${body}`)).toBe(body.length + 1);
    expect(bodyLengthOf(`${body}${body}x`)).toBe(2 * body.length + 1);
  });

  it('is not ended by an end-line with one wrong octet, wherever a read cuts it', () => {
    const endLine = '\r\n-------abcd$\r\n';
    for (let wrong = 0; wrong < endLine.length; wrong++) {
      for (const octet of ['x', '\r', '\n', '-', 'a', '$']) {
        if (octet === endLine[wrong] || (endLine[wrong] === '$' && '$+#'.includes(octet))) continue;
        const body = `x${endLine.slice(0, wrong)}${octet}${endLine.slice(wrong + 1)}x`;
        const stream = Buffer.from(`MSRP abcd SEND\r\n\r\n${body}${endLine}`);
        for (let at = stream.length - body.length - endLine.length; at < stream.length; at++) {
          expect(transcribe(cutAt(stream, [at])).messages).toMatchObject([{ bodyLength: body.length }]);
        }
      }
    }
  });

  it('ends at the first end-line of its own', () => {
    const stream = Buffer.from('MSRP abcd SEND\r\n\r\nx\r\n-------abcd+\r\n\r\n-------abcd$\r\n');
    const { messages, error } = transcribe([stream]);
    expect(messages).toMatchObject([{ bodyLength: 1, flag: '+' }]);
    expect(error).toBe('start_line');
  });
});

describe('reads', () => {
  const conversation = Buffer.concat([
    Buffer.from('\r\n'),
    ...Object.values(examples.EXAMPLES),
    Buffer.from('\r\n\r\n'),
  ]);

  it.each(Object.entries(examples.EXAMPLES))('may bring %s octet by octet, or cut anywhere', (_, stream) => {
    const whole = transcribe([stream]);
    expect(whole).toMatchObject({ error: null, strayBytes: 0, octets: [stream] });
    expect(transcribe(dripped(stream))).toEqual(whole);
    for (let at = 1; at < stream.length; at++) expect(transcribe(cutAt(stream, [at]))).toEqual(whole);
  });

  it('may bring many messages at once', () => {
    const { messages, octets, strayBytes } = transcribe([conversation]);
    expect(octets).toEqual(Object.values(examples.EXAMPLES));
    expect(messages).toHaveLength(octets.length);
    expect(strayBytes).toBe(6);
    expect(transcribe(dripped(conversation))).toEqual(transcribe([conversation]));
  });

  it('may be empty', () => {
    const parser = new Parser();
    expect(parser.parse(Buffer.alloc(0))).toBe(0);
    parser.parse(examples.SEND.subarray(0, 20));
    parser.settle();
    expect(parser.parse(Buffer.alloc(0))).toBe(0);
    expect(parser.pieces).toEqual([]);
    expect(parser.open?.length).toBe(20);
  });
});

describe('the open message', () => {
  it('is null between messages', () => {
    const parser = new Parser();
    expect(parser.open).toBeNull();
    parser.parse(Buffer.concat([examples.SEND, Buffer.from('\r\n')]));
    expect(parser.open).toBeNull();
    expect(parser.strayBytes).toBe(2);
  });

  it('tells what was seen so far', () => {
    const parser = new Parser();
    const headLength = examples.SEND.indexOf('Hey Bob');
    parser.parse(examples.SEND.subarray(0, 30));
    expect(parser.open).toMatchObject({
      headComplete: false,
      headLength: 0,
      bodyLength: 0,
      length: 30,
      complete: false,
    });
    expect(parser.open).toMatchObject({
      transactionId: '',
      method: '',
      comment: '',
      toPath: [],
      contentType: undefined,
    });
    expect(parser.open?.head).toHaveLength(0);
    expect(parser.open?.headers()).toEqual([]);
    parser.settle();
    parser.parse(examples.SEND.subarray(30, headLength + 5));
    expect(parser.open).toMatchObject({ headComplete: true, headLength, bodyLength: 5, flag: null, complete: false });
    expect(parser.open).toMatchObject({ transactionId: 'a786hjs2', method: 'SEND', endLineLength: 0 });
    expect(parser.pieces).toEqual([{ message: parser.open, start: 0, end: headLength - 25 }]);
  });

  it('does not need the buffer of its read once that is settled', () => {
    const parser = new Parser();
    const headLength = examples.SEND.indexOf('Hey Bob');
    const read = Buffer.from(examples.SEND.subarray(0, headLength + 3));
    parser.parse(read);
    const { open } = parser;
    parser.settle();
    read.fill(0xff);
    expect(open?.head.equals(examples.SEND.subarray(0, headLength))).toBe(true);
    expect(open?.contentType).toBe('text/plain');
    parser.parse(Buffer.from(examples.SEND.subarray(headLength + 3)));
    expect(parser.pieces[0]?.message).toBe(open);
    expect(open).toMatchObject({ complete: true, transactionId: 'a786hjs2', bodyLength: 23 });
  });

  it('lets go of the pieces once the read is settled', () => {
    const parser = new Parser();
    parser.parse(examples.SEND);
    expect(parser.pieces).toHaveLength(1);
    parser.settle();
    expect(parser.pieces).toHaveLength(0);
  });
});
