import { expect, test } from 'vitest';
import type { Message } from '#src/msrp/message.js';
import { Parser } from '#src/msrp/parser.js';
import { isText, mediaType } from '#src/trace/media-type.js';

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

test('of two types the last one counts, whatever was seen before', () => {
  const texts = ['css', 'csv', 'html', 'javascript', 'markdown'];
  const others = ['mp4', 'mpeg', 'ogg', 'raw', 'vc1'];
  for (let round = 0; round < 2; round++) {
    for (const [i, text] of texts.entries()) {
      const [one, other] = [`Content-Type: text/${text}\r\n`, `Content-Type: video/${others[i]}\r\n`];
      expect(isText(message(one + other))).toBe(false);
      expect(isText(message(other + one))).toBe(true);
      expect(isText(message(other))).toBe(false);
      expect(isText(message(one))).toBe(true);
      expect(isText(message(other + one))).toBe(true);
      expect(mediaType(message(other + one))).toBe(`text/${text}`);
    }
  }
});

test('a Content-Type in front of other headers is found as well', () => {
  expect(mediaType(message('Content-Type: text/plain;x=y\r\nX: y\r\n'))).toBe('text/plain');
  expect(isText(message('Content-Type: text/plain\r\nX: y\r\n'))).toBe(true);
  expect(mediaType(message('X: y\r\n'))).toBe('unknown');
});
