import { describe, expect, it } from 'vitest';
import type { Message } from '#src/msrp/message.js';
import { Parser } from '#src/msrp/parser.js';
import { AUTH, OK, RELAYED, SEND } from './examples.js';

function parsed(octets: Buffer | string): Message {
  const parser = new Parser();
  parser.parse(Buffer.from(octets));
  const message = parser.pieces[0]?.message;
  if (message === undefined) throw new Error('no message');
  return message;
}

const HEADERS = parsed(
  'MSRP abcd SEND\r\nX-One:1\r\nx-one: 2\r\nX: \t a b \t \r\nEmpty:\r\nBlank:   \r\nColon: a:b\r\nUtf: Zoë ☎\r\n-------abcd$\r\n',
);

describe('header', () => {
  it('is the first of its name, whatever its case', () => {
    expect(HEADERS.header('X-One')).toBe('1');
    expect(HEADERS.header('x-ONE')).toBe('1');
  });

  it('is without the blanks around it, and as it is written inside', () => {
    expect(HEADERS.header('X')).toBe('a b');
    expect(HEADERS.header('colon')).toBe('a:b');
    expect(HEADERS.header('utf')).toBe('Zoë ☎');
  });

  it('may be empty', () => {
    expect(HEADERS.header('empty')).toBe('');
    expect(HEADERS.header('blank')).toBe('');
  });

  it('is undefined when there is none of that name', () => {
    expect(HEADERS.header('X-On')).toBeUndefined();
    expect(HEADERS.header('X-One:1')).toBeUndefined();
    expect(HEADERS.header('')).toBeUndefined();
    expect(HEADERS.header('MSRP abcd SEND')).toBeUndefined();
    expect(parsed('MSRP abcd SEND\r\n-------abcd$\r\n').header('To-Path')).toBeUndefined();
  });

  it('is of that name and no other', () => {
    const message = parsed('MSRP abcd SEND\r\nX^: 1\r\nX-: 2\r\n-------abcd$\r\n');
    expect(message.header('X~')).toBeUndefined();
    expect(message.header('x^')).toBe('1');
    expect(message.header('x-')).toBe('2');
  });

  it('is not looked for in the body', () => {
    const message = parsed('MSRP abcd SEND\r\nA: 1\r\n\r\nB: 2\r\n-------abcd$\r\n');
    expect(message.header('B')).toBeUndefined();
    expect(message.headers()).toEqual([['A', '1']]);
  });
});

describe('paths', () => {
  it('are lists of URIs as they are written', () => {
    expect(RELAYED.includes('To-Path')).toBe(true);
    expect(parsed(RELAYED).toPath).toEqual([
      'msrps://a.example.org:9000/kjfjan;tcp',
      'msrp://bob.example.com:8145/foo;tcp',
    ]);
    expect(parsed(RELAYED).fromPath).toEqual(['msrps://alice.example.com:9892/98cjs;tcp']);
    expect(parsed(AUTH).toPath).toEqual(['msrps://alice@intra.example.com;tcp']);
  });

  it('are empty when they are missing, or nothing', () => {
    expect(parsed('MSRP abcd SEND\r\nTo-Path: \r\n-------abcd$\r\n')).toMatchObject({ toPath: [], fromPath: [] });
  });
});

describe('contentType', () => {
  it('is as it is written', () => {
    const message = parsed('MSRP abcd SEND\r\ncontent-type: Text/Plain;charset=UTF-8\r\n\r\n\r\n-------abcd$\r\n');
    expect(message.contentType).toBe('Text/Plain;charset=UTF-8');
    expect(parsed(OK).contentType).toBeUndefined();
  });
});

describe('head', () => {
  it('ends with the blank line, or before the end-line', () => {
    expect(parsed(SEND).head.toString()).toBe(SEND.toString().split('Hey Bob')[0]);
    expect(parsed(OK).head.toString()).toBe(OK.toString().split('-------')[0]);
  });
});
