import { expect, test } from 'vitest';
import type { Message } from '#src/msrp/message.js';
import { Parser } from '#src/msrp/parser.js';
import { MAX_CLOSED_SESSIONS, Sessions } from '#src/trace/sessions.js';

const ALICE = 'msrp://alice.example.com:7654/a11ce;tcp';
const BOB = 'msrp://bob.example.com:8888/b0b;tcp';
const RELAY = 'msrps://relay.example.net:9000/r3lay;tcp';
const RELAY2 = 'msrps://intra.example.org:9001/1ntra;tcp';

function message(startLine: string, to: string, from: string): Message {
  const parser = new Parser();
  parser.parse(
    Buffer.from(`MSRP abcd1234 ${startLine}\r\nTo-Path: ${to}\r\nFrom-Path: ${from}\r\n-------abcd1234$\r\n`),
  );
  const found = parser.pieces[0]?.message;
  if (found?.complete !== true) throw new Error('not a message');
  return found;
}

test('the id is the session-id of the last To-Path URI of the first request, in both directions and for responses', () => {
  const sessions = new Sessions();
  expect(sessions.identify(message('SEND', BOB, ALICE))).toBe('b0b');
  expect(sessions.identify(message('200 OK', ALICE, BOB))).toBe('b0b');
  expect(sessions.identify(message('SEND', ALICE, BOB))).toBe('b0b');
  expect(sessions.identify(message('REPORT', ALICE, BOB))).toBe('b0b');
  expect(sessions.ids).toEqual(['b0b']);
});

test('spellings that compare equal are one session [RFC 4975 §6.1]', () => {
  const sessions = new Sessions();
  sessions.identify(message('SEND', BOB, ALICE));
  expect(
    sessions.identify(
      message('SEND', 'MSRP://ALICE.example.com:7654/a11ce;tcp;x=y', 'msrp://u@BOB.example.com:8888/b0b;tcp'),
    ),
  ).toBe('b0b');
  // The session-id is compared with case.
  expect(sessions.identify(message('SEND', 'msrp://bob.example.com:8888/B0B;tcp', ALICE))).toBe('B0B');
});

test('several sessions share a connection [RFC 4975 §5.4]', () => {
  const sessions = new Sessions();
  const other = BOB.replace('b0b', 'second');
  sessions.identify(message('SEND', BOB, ALICE));
  expect(sessions.identify(message('SEND', other, ALICE))).toBe('second');
  expect(sessions.identify(message('SEND', ALICE, other))).toBe('second');
  expect(sessions.identify(message('SEND', ALICE, BOB))).toBe('b0b');
  expect(sessions.ids).toEqual(['b0b', 'second']);
});

test('between relays the end points name the session, and a response is known by its hops [RFC 4976]', () => {
  const sessions = new Sessions();
  expect(sessions.identify(message('SEND', `${RELAY2} ${BOB}`, `${RELAY} ${ALICE}`))).toBe('b0b');
  expect(sessions.identify(message('200 OK', RELAY, RELAY2))).toBe('b0b');
  expect(sessions.identify(message('SEND', `${RELAY} ${ALICE}`, `${RELAY2} ${BOB}`))).toBe('b0b');
});

test('a response that comes first takes the session-id of its own last To-Path URI, and binds nothing', () => {
  const sessions = new Sessions();
  expect(sessions.identify(message('200 OK', ALICE, BOB))).toBe('a11ce');
  expect(sessions.ids).toEqual([]);
  expect(sessions.identify(message('SEND', BOB, ALICE))).toBe('b0b');
  expect(sessions.identify(message('200 OK', ALICE, BOB))).toBe('b0b');
});

test('URIs without a session-id, or that are none, give no id', () => {
  const sessions = new Sessions();
  expect(sessions.identify(message('AUTH', 'msrps://relay.example.net:9000;tcp', ALICE))).toBe('');
  expect(sessions.identify(message('SEND', '<script>', 'nonsense'))).toBe('');
  expect(sessions.ids).toEqual([]);
});

test('an id is what can stand in a packet: printable, at most 255 octets', () => {
  const sessions = new Sessions();
  expect(sessions.identify(message('SEND', `msrp://b.example:1/${'y'.repeat(400)};tcp`, ALICE))).toBe('y'.repeat(255));
});

test('a flood of sessions is forgotten, oldest first; what is told at the close is bounded', () => {
  const sessions = new Sessions();
  for (let count = 0; count < 5_000; count += 1) {
    expect(sessions.identify(message('SEND', `msrp://b.example:1/${'x'.repeat(200)}${count};tcp`, ALICE))).toHaveLength(
      200 + String(count).length,
    );
  }
  expect(sessions.ids).toHaveLength(MAX_CLOSED_SESSIONS);
});
