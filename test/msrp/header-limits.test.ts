/** How many headers a message may have, and how many URIs its paths: the same in whichever reads they come. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParserPool } from '#src/msrp/parser-pool.js';
import { KnownHeads } from '#src/msrp/known-heads.js';
import { cutAt, dripped, transcribe } from '../helpers/msrp.js';

const LIMITS = { maxHeaders: 6, maxPathUris: 3 };

const URI = 'msrp://a.example:2855/s;tcp';

interface Shape {
  readonly to?: number;
  readonly from?: number;
  /** Beside To-Path and From-Path. */
  readonly others?: number;
  readonly body?: boolean;
}

function path(name: string, uris: number, separator = ' '): string {
  return `${name}:${separator}${Array.from({ length: uris }, () => URI).join(separator)}\r\n`;
}

function message({ to = 1, from = 1, others = 0, body = false }: Shape): string {
  const more = Array.from({ length: others }, (_, i) => `X-${i}: y\r\n`).join('');
  const head = `MSRP abcd SEND\r\n${path('To-Path', to)}${path('From-Path', from)}${more}`;
  return `${head}${body ? '\r\nhello\r\n' : ''}-------abcd$\r\n`;
}

function isOver({ to = 1, from = 1, others = 0 }: Shape): boolean {
  return to > LIMITS.maxPathUris || from > LIMITS.maxPathUris || 2 + others > LIMITS.maxHeaders;
}

function expectInAnyReads(stream: Buffer, error: string | null): void {
  expect(transcribe([stream], LIMITS).error).toBe(error);
  expect(transcribe(dripped(stream), LIMITS).error).toBe(error);
  for (let at = 1; at < stream.length; at++) expect(transcribe(cutAt(stream, [at]), LIMITS).error).toBe(error);
}

describe.each([false, true])('a message with a body: %s', (body) => {
  it('may have as many headers as there may be, and no more', () => {
    expectInAnyReads(Buffer.from(message({ others: 4, body })), null);
    expectInAnyReads(Buffer.from(message({ others: 5, body })), 'too_many_headers');
  });

  it.each(['to', 'from'] as const)('may have as many URIs in its %s-path as there may be, and no more', (name) => {
    expectInAnyReads(Buffer.from(message({ [name]: 3, body })), null);
    expectInAnyReads(Buffer.from(message({ [name]: 4, body })), 'path_too_long');
  });
});

it.each([
  ['tabs and runs of blanks', path('To-Path', 3, ' \t  '), null],
  ['one too many behind them', path('To-Path', 4, ' \t  '), 'path_too_long'],
  ['another case of the name', path('tO-pAtH', 4), 'path_too_long'],
  ['a second To-Path, which nobody asks for', path('To-Path', 1) + path('To-Path', 9), null],
  ['no URI at all', 'To-Path:\r\n', null],
])('URIs are counted with %s', (_, headers, error) => {
  expectInAnyReads(Buffer.from(`MSRP abcd SEND\r\n${headers}-------abcd$\r\n`), error);
});

it('none of such a message is passed on that comes with its end, and nothing after it is parsed', () => {
  const sound = message({});
  const stream = Buffer.from(sound + message({ others: 9, body: true }) + sound);
  const { messages, accepted, error } = transcribe([stream], LIMITS);
  expect({ messages: messages.length, accepted, error }).toEqual({
    messages: 1,
    accepted: sound.length,
    error: 'too_many_headers',
  });
});

it('what is known of earlier messages does not let more pass', () => {
  const shapes = fc.array(
    fc.record({
      to: fc.integer({ min: 1, max: 4 }),
      from: fc.integer({ min: 1, max: 4 }),
      others: fc.integer({ min: 0, max: 6 }),
      body: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(shapes, fc.array(fc.nat(2_000), { maxLength: 6 }), (all, cuts) => {
      const stream = Buffer.from(all.map((shape) => message(shape)).join(''));
      const first = all.findIndex(isOver);
      const whole = transcribe([stream], LIMITS);
      expect(whole.messages).toHaveLength(first === -1 ? all.length : first);
      expect(whole.error === null).toBe(first === -1);
      const inside = cuts.filter((at) => at > 0 && at < stream.length);
      const split = transcribe(cutAt(stream, inside), LIMITS);
      expect([split.messages, split.error]).toEqual([whole.messages, whole.error]);
    }),
    { numRuns: 500 },
  );
});

it('64 headers and 16 URIs are allowed unless told otherwise', () => {
  expect(transcribe([Buffer.from(message({ others: 62, to: 16, from: 16 }))]).error).toBeNull();
  expect(transcribe([Buffer.from(message({ others: 63 }))]).error).toBe('too_many_headers');
  expect(transcribe([Buffer.from(message({ to: 17 }))]).error).toBe('path_too_long');
});

it('a pool has the limits that it was made with', () => {
  const parser = new ParserPool(LIMITS).take(new KnownHeads());
  parser.parse(Buffer.from(message({ others: 5 })));
  expect(parser.error).toBe('too_many_headers');
});
