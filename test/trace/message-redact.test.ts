import { expect, test } from 'vitest';
import { redact } from '#src/trace/message-redact.js';
import { send } from './message-questions.js';

const LIMIT = 12_288;

function redacted(text: string | Buffer, expressions: readonly RegExp[], limit = LIMIT): string | null {
  const octets = redact(Buffer.from(text), expressions, limit);
  return octets === null ? null : Buffer.from(octets).toString();
}

test.each<[what: string, expressions: readonly RegExp[], body: string]>([
  ['each match', [/4\d{3}/], 'card [redacted] or [redacted], Grüße 👋'],
  ['with or without the flag g', [/4\d{3}/g], 'card [redacted] or [redacted], Grüße 👋'],
  ['a sticky one too', [/4\d{3}/y], 'card [redacted] or [redacted], Grüße 👋'],
  ['characters, not octets', [/ü/, /\p{Emoji_Presentation}/u], 'card 4111 or 4222, Gr[redacted]ße [redacted]'],
  ['of several expressions, in their order', [/card/i, /\[red/], '[redacted]acted] 4111 or 4222, Grüße 👋'],
  ['not the nothing between two characters', [/4111|z*/], 'card [redacted] or 4222, Grüße 👋'],
])('%s is redacted', (_, expressions, body) => {
  const text = 'card 4111 or 4222, Grüße 👋';
  // Only what is looked for is in the body.
  expect(redacted(text, expressions)).toBe(body);
});

test('without a match the payload stays as it is, to the octet', () => {
  expect(redacted(Buffer.from([0x80, 0xff, 0x41]), [/B/])).toBeNull();
  expect(redacted('text', [])).toBeNull();
});

test('what is not UTF-8 does not hide what is', () => {
  expect(redacted(Buffer.from([0xff, ...Buffer.from('café 4111')]), [/é \d+/])).toBe('\u{fffd}caf[redacted]');
});

test('headers are searched too', () => {
  expect(redacted(send('hello'), [/alice/])).toBe(send('hello').replace('alice', '[redacted]'));
});

test('a payload that has grown too long is cut between characters, and keeps its end-line', () => {
  const text = redacted(send('ü1'.repeat(300)), [/1/], 700) ?? '';
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(700);
  const [, kept = '', left] =
    /\r\n\r\n(.*)\[msrptap: (\d+) bytes not mirrored\]\r\n-------d93kswow\$\r\n$/s.exec(text) ?? [];
  expect(kept).toMatch(/^(?:ü\[redacted\])+(?:ü?\[?[redact]*)$/);
  // 300 times ü and [redacted], of 2 and 10 octets.
  expect(Number(left)).toBe(300 * 12 - Buffer.byteLength(kept));
  expect(text).not.toContain('\u{fffd}');
});

test('a cut message has no end-line to keep', () => {
  const text = redacted('1'.repeat(600), [/1/], 512) ?? '';
  expect(text).toMatch(/^(?:\[redacted\])+.*\[msrptap: \d+ bytes not mirrored\]$/);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(512);
});
