import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cutAt, referenceSplit, transcribe } from '../helpers/msrp.js';

/** What comes after it in the same read is looked at where it stands, and not in a copy. */
const LONG = 'MSRP long SEND\r\nTo-Path: a\r\n\r\n' + 'x'.repeat(5_000) + '\r\n-------long$\r\n';

const TO_PATH = 'To-Path: msrp://a.example:1/one;tcp\r\n';
const FROM_PATH = 'From-Path: msrp://b.example:2/two;tcp\r\n';

const SEND =
  `MSRP abcd1 SEND\r\n${TO_PATH}${FROM_PATH}Message-ID: 4711.a\r\nByte-Range: 1-2/2\r\nFailure-Report: no\r\nSuccess-Report: yes\r\n` +
  // Eight octets of all ones are no number.
  `X: ${'\xff'.repeat(20)}\r\nContent-Type: text/plain\r\n\r\nhi\r\n-------abcd1$\r\n`;
const OK = `MSRP abcd1 200 OK\r\n${TO_PATH}${FROM_PATH}-------abcd1$\r\n`;

const buffer = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What a parser that knows `known` says of `stream`, which comes in a read of its own or behind it. */
function toldBehind(known: string, stream: Buffer): ReturnType<typeof told>[] {
  const first = buffer(known);
  return [
    transcribe([first, stream]),
    transcribe([Buffer.concat([first, stream])]),
    transcribe([Buffer.concat([buffer(LONG), first, stream])]),
  ].map(({ messages, accepted, error, rest }) => {
    const before = messages.filter(({ transactionId }) => transactionId === 'long').length;
    return told({
      messages: messages.slice(before + 1),
      accepted: accepted - first.length - before * LONG.length,
      error,
      rest,
    });
  });
}

function told({ messages, accepted, error, rest }: Omit<ReturnType<typeof transcribe>, 'octets' | 'strayBytes'>) {
  return { messages, accepted, error, rest };
}

describe.each([
  ['SEND', SEND],
  ['200 OK', OK],
])('a %s that is as the last one', (_, known) => {
  it('but for one octet is read as if it were the first', () => {
    for (let at = 0; at < known.length; at++) {
      for (const octet of ['x', 'Z', '7', '-', ':', ' ', '\t', '\r', '\n', '\0', '\x80']) {
        const stream = buffer(known.slice(0, at) + octet + known.slice(at + 1));
        const alone = told(transcribe([stream]));
        expect(alone.messages).toEqual(referenceSplit(stream));
        for (const behind of toldBehind(known, stream)) expect(behind).toEqual(alone);
      }
    }
  });

  it('but for octets that are missing or more is read as if it were the first', () => {
    for (let at = 0; at < known.length; at++) {
      for (const [more, missing] of [
        ['x', 0],
        ['', 1],
        ['\r\n', 0],
        ['A: b\r\n', 0],
        ['', 9],
      ] as const) {
        const stream = buffer(known.slice(0, at) + more + known.slice(at + missing));
        const alone = told(transcribe([stream]));
        expect(alone.messages).toEqual(referenceSplit(stream));
        for (const behind of toldBehind(known, stream)) expect(behind).toEqual(alone);
      }
    }
  });

  it('is not there before it was read, wherever a read cuts it', () => {
    const stream = buffer(known);
    const [expected] = referenceSplit(stream);
    for (let at = 1; at < known.length; at++) {
      const cut = cutAt(stream, [at]);
      expect(transcribe([stream, cut[0]!]).rest).toEqual(cut[0]);
      expect(transcribe([stream, ...cut]).messages).toEqual([expected, expected]);
    }
  });

  it('counts for the limit of the header section', () => {
    const longer = buffer(known.replaceAll('abcd1', 'abcd12345'));
    for (let limit = known.length - 20; limit <= longer.length; limit++) {
      const options = { maxHeaderSection: limit };
      const alone = transcribe([longer], options);
      const behind = transcribe([buffer(known), longer], options);
      expect(behind.error).toBe(alone.error);
      expect(behind.messages.slice(1)).toEqual(alone.messages);
    }
  });
});

/** Lines that are alike, and one that leaves no room for others. */
const LINES = [
  'Message-ID: 1\r\n',
  'Message-ID: 12345678901234567890\r\n',
  'Message-ID:\r\n',
  'Byte-Range: 1-2/2\r\n',
  'Byte-Range: 1-*/*\r\n',
  'Status: 000 200 OK\r\n',
  'Failure-Report: no\r\n',
  'Failure-Report: nono\r\n',
  'Failure-Report: yes\r\n',
  'failure-report:\tPARTIAL \r\n',
  'X:\t\x80\r\n',
  `X: ${'x'.repeat(450)}\r\n`,
];
const PATHS = ['', TO_PATH + FROM_PATH, TO_PATH.replace('one', 'onE') + FROM_PATH, FROM_PATH + TO_PATH, TO_PATH];

const conversations = fc.array(
  fc.record({
    code: fc.constantFrom('SEND', 'SENDS', 'REPORT', '200', '200 OK', '200 OKAY', '413 OK', '200 \t'),
    paths: fc.constantFrom(...PATHS),
    lines: fc.array(fc.constantFrom(...LINES), { maxLength: 5 }),
    body: fc.constantFrom('', '\r\n', '\r\nhi\r\n'),
  }),
  { minLength: 1, maxLength: 10 },
);

test('whatever heads follow each other, each is read as it is', () => {
  fc.assert(
    fc.property(conversations, fc.boolean(), (conversation, isLong) => {
      const texts = conversation.map(
        ({ code, paths, lines, body }) => `MSRP abcd ${code}\r\n${paths}${lines.join('')}${body}-------abcd$\r\n`,
      );
      if (isLong) texts.unshift(LONG);
      const stream = buffer(texts.join(''));
      const expected = referenceSplit(stream);
      expect(expected).toHaveLength(texts.length);
      expect(transcribe([stream]).messages).toEqual(expected);
      expect(transcribe(texts.map(buffer)).messages).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
