import { expect, test } from 'vitest';
import type { Message } from '#src/msrp/message.js';
import { Parser } from '#src/msrp/parser.js';
import { isText } from '#src/trace/media-type.js';

function message(headers: string): Message {
  const parser = new Parser();
  parser.parse(Buffer.from(`MSRP abcd1234 SEND\r\n${headers}\r\nbody\r\n-------abcd1234$\r\n`));
  const found = parser.pieces[0]?.message;
  if (found?.complete !== true) throw new Error('not a message');
  return found;
}

test('what is text is the same each time it is asked, for many types in turn', () => {
  const types = [
    ['text/plain', true],
    ['TEXT/plain;charset=utf-8', true],
    ['image/png', false],
    ['message/cpim', true],
    ['application/octet-stream', false],
    ['application/im-iscomposing+xml', true],
    ['x/text/plain', false],
  ] as const;
  for (let round = 0; round < 3; round++) {
    for (const [type, expected] of types) expect(isText(message(`Content-Type: ${type}\r\n`)), type).toBe(expected);
  }
});

test('a header that only ends like a Content-Type tells nothing', () => {
  expect(isText(message('Content-Type: text/html\r\n'))).toBe(true);
  expect(isText(message('X-Content-Type: text/html\r\n'))).toBe(false);
});

test('a peer that sends two types does not change what one of them is for others', () => {
  expect(isText(message('Content-Type: text/css\r\nContent-Type: video/mp4\r\n'))).toBe(true);
  expect(isText(message('Content-Type: video/mp4\r\n'))).toBe(false);
  expect(isText(message('Content-Type: audio/amr\r\nContent-Type: text/csv\r\n'))).toBe(false);
  expect(isText(message('Content-Type: text/csv\r\n'))).toBe(true);
});
