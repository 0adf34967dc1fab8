import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Parser } from '#src/msrp/parser.js';
import { payloadOf, restore } from '#src/trace/message-held.js';
import { mirror, mirrorCut, octetsNeeded } from '#src/trace/mirror.js';
import { FROM_PATH, TO_PATH, question, send } from './message-questions.js';

const START_LINES = ['MSRP d93kswow SEND', 'MSRP d93kswow 200 OK', 'MSRP d93kswow 413', 'MSRP d93kswow 999 Grüße'];

const messages = fc
  .record({
    start: fc.constantFrom(...START_LINES),
    headers: fc.array(fc.constantFrom('Message-ID: 1', 'X: 1', 'x:2', `Long: ${'l'.repeat(700)}`), { maxLength: 3 }),
    type: fc.constantFrom('', 'text/plain', 'image/jpeg'),
    body: fc.string({ unit: 'binary', maxLength: 900 }).filter((body) => !body.includes('-------d93kswow')),
    flag: fc.constantFrom('$', '+', '#'),
  })
  .map(({ start, headers, type, body, flag }) =>
    [
      start,
      TO_PATH,
      FROM_PATH,
      ...headers,
      ...(type === '' ? [] : [`Content-Type: ${type}`, '', body]),
      `-------d93kswow${flag}`,
      '',
    ].join('\r\n'),
  );

const rules = fc.record({
  trace_body: fc.constantFrom('text', 'full', 'headers'),
  trace_max_payload: fc.constantFrom(512, 1_024, 12_288),
});

test('held, a message is mirrored as it would have been, whole or cut anywhere', () => {
  fc.assert(
    fc.property(messages, rules, fc.double({ min: 0, max: 1, noNaN: true }), (text, by, part) => {
      const all = Buffer.from(text);
      for (const octets of [all, all.subarray(0, Math.max(1, Math.floor(part * all.length)))]) {
        const parser = new Parser();
        expect(parser.parse(octets)).toBe(octets.length);
        const message = parser.pieces[0]?.message;
        if (message === undefined) throw new Error('no message');
        const first = octets.subarray(0, octetsNeeded(message, by));
        const expected = message.complete ? mirror(message, first, by) : mirrorCut(message, first, by);
        expect(payloadOf(question(octets, by).held, by)).toEqual(Buffer.from(expected));
      }
    }),
  );
});

test('held, it tells the same', () => {
  fc.assert(
    fc.property(messages, rules, (text, by) => {
      const parser = new Parser();
      parser.parse(Buffer.from(text));
      const original = parser.pieces[0]?.message;
      const { held } = question(text, by);
      const message = restore(held);
      for (const key of ['kind', 'status', 'method', 'comment', 'transactionId', 'toPath', 'flag', 'length'] as const) {
        expect(message[key]).toEqual(original?.[key]);
      }
      expect(message.headers()).toEqual(original?.headers());
      expect(message.bodyLength).toBe(original?.bodyLength);
    }),
  );
});

test('no more of it is held than may be mirrored', () => {
  const text = send('x'.repeat(100_000), 'text/plain');
  expect(question(text).held.octets).toHaveLength(12_288);
  expect(question(text, { trace_body: 'headers' }).held.octets.toString()).toMatch(
    /Content-Type: text\/plain\r\n\r\n$/,
  );
});
