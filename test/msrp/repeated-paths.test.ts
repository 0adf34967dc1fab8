import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Parser } from '#src/msrp/parser.js';

interface Sent {
  readonly code: 'SEND' | 'REPORT' | '200 OK';
  readonly paths: string;
}

const A = 'To-Path: msrp://a.example.com:1/one;tcp\r\nFrom-Path: msrp://b.example.com:2/two;tcp\r\n';
/** As A but for one octet, as A begins, in another spelling, out of order, and without one of the two. */
const PATHS = [
  A,
  A.replace('one', 'onE'),
  A.replace('two;tcp', 'two;tcp;x=y'),
  A.replace('To-Path', 'TO-PATH'),
  A.split(/(?<=\n)/)
    .toReversed()
    .join(''),
  A.split(/(?<=\n)/)[0]!,
];

const sent = fc.array(
  fc.record({ code: fc.constantFrom('SEND', 'REPORT', '200 OK'), paths: fc.constantFrom(...PATHS) }),
  { maxLength: 12 },
);

function write({ code, paths }: Sent): string {
  return `MSRP abcd1234 ${code}\r\n${paths}-------abcd1234$\r\n`;
}

/** What the tokens of messages tell of their paths, in reads of at most `octets` each. */
function read(messages: readonly Sent[], octets: number): [token: object | null, paths: string][] {
  const parser = new Parser();
  const wire = Buffer.from(messages.map(write).join(''));
  const found: [object | null, string][] = [];
  for (let at = 0; at < wire.length; at += octets) {
    const buffer = Buffer.from(wire.subarray(at, at + octets));
    expect(parser.parse(buffer)).toBe(buffer.length);
    for (const { message } of parser.pieces) {
      if (message.complete) found.push([message.paths, JSON.stringify([message.toPath, message.fromPath])]);
    }
    parser.settle();
    // What is remembered of a read is not the read.
    buffer.fill('x');
  }
  return found;
}

test('messages with the same token have the same paths, in any reads', () => {
  fc.assert(
    fc.property(sent, fc.integer({ min: 1, max: 600 }), (messages, octets) => {
      const found = read(messages, octets);
      expect(found.map(([, paths]) => paths)).toEqual(read(messages, 100_000).map(([, paths]) => paths));
      const pathsOf = new Map<object, string>();
      for (const [token, paths] of found) {
        if (token === null) continue;
        expect(pathsOf.get(token) ?? paths).toBe(paths);
        pathsOf.set(token, paths);
      }
    }),
  );
});

test('a message that repeats the paths of the last one of its kind has its token', () => {
  const request: Sent = { code: 'SEND', paths: A };
  const response: Sent = { code: '200 OK', paths: PATHS[1]! };
  const tokens = read([request, response, request, response, { ...request, code: 'REPORT' }], 100_000).map(
    ([token]) => token,
  );
  expect(tokens[0]).not.toBeNull();
  expect(tokens[1]).not.toBeNull();
  expect(tokens[1]).not.toBe(tokens[0]);
  expect(tokens.slice(2)).toEqual([tokens[0], tokens[1], tokens[0]]);
  expect(tokens[2]).toBe(tokens[0]);
  expect(tokens[3]).toBe(tokens[1]);
  expect(tokens[4]).toBe(tokens[0]);
});

test('paths that are repeated count for the limit of the header section', () => {
  const parser = new Parser({ maxHeaderSection: 110 });
  const short = { code: 'SEND', paths: A } as const;
  const long = Buffer.from(write(short).replace('abcd1234 SEND', 'abcd1234 SENDSENDSENDSEND'));
  expect(A.length + 'MSRP abcd1234 SEND\r\n'.length).toBeLessThan(110);
  expect(A.length + 'MSRP abcd1234 SENDSENDSENDSEND\r\n'.length).toBeGreaterThan(110);
  parser.parse(Buffer.from(write(short)));
  expect(parser.error).toBeNull();
  parser.parse(long);
  expect(parser.error).toBe('header_section_too_long');
});

const lastHeaders = [
  'Content-Type: text/plain',
  'Content-Type: text/plaiN',
  'Content-Type: x',
  'X: Content-Type: x',
  null,
];

/** The tokens of messages, and their last headers. */
function readLast(messages: readonly (readonly [number, string | null])[], octets: number): [object | null, string][] {
  const parser = new Parser();
  const written = messages.map(([range, last]) => {
    const body = last === null ? '' : `${last}\r\n\r\nhello\r\n`;
    return `MSRP abcd1234 SEND\r\n${A}Byte-Range: ${range}-*/*\r\n${body}-------abcd1234$\r\n`;
  });
  const wire = Buffer.from(written.join(''));
  const found: [object | null, string][] = [];
  for (let at = 0; at < wire.length; at += octets) {
    const buffer = Buffer.from(wire.subarray(at, at + octets));
    parser.parse(buffer);
    for (const { message } of parser.pieces) {
      if (message.complete) found.push([message.typeToken, (message.headers().at(-1) ?? []).join(': ')]);
    }
    parser.settle();
    buffer.fill('x');
  }
  return found;
}

test('messages with the same token of a Content-Type have the same one, in any reads', () => {
  const some = fc.array(fc.tuple(fc.integer({ min: 1, max: 200 }), fc.constantFrom(...lastHeaders)), { maxLength: 12 });
  fc.assert(
    fc.property(some, fc.integer({ min: 1, max: 600 }), (messages, octets) => {
      const lastOf = new Map<object, string>();
      const found = readLast(messages, octets);
      expect(found.map(([, last]) => last)).toEqual(
        messages.map(([range, last]) => last ?? `Byte-Range: ${range}-*/*`),
      );
      for (const [token, last] of found) {
        if (token === null) continue;
        expect(last).toMatch(/^Content-Type: /);
        expect(lastOf.get(token) ?? last).toBe(last);
        lastOf.set(token, last);
      }
    }),
  );
});

test('a message that repeats the Content-Type has its token, whatever is new before it', () => {
  const [first, second, third] = readLast(
    [1, 20, 300].map((range) => [range, 'Content-Type: text/plain'] as const),
    100_000,
  );
  expect(first?.[0]).not.toBeNull();
  expect([second?.[0] === first?.[0], third?.[0] === first?.[0]]).toEqual([true, true]);
});
