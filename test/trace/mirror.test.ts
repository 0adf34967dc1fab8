import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Message } from '#src/msrp/message.js';
import { Parser } from '#src/msrp/parser.js';
import { type MirrorRules, mirror, mirrorCut, octetsNeeded } from '#src/trace/mirror.js';

const HEAD =
  'MSRP d93kswow SEND\r\nTo-Path: msrp://bob.example.com:8888/9di4eae923wzd;tcp\r\n' +
  'From-Path: msrp://alice.example.com:7654/iau39soe2843z;tcp\r\nMessage-ID: 12339sdqwer\r\nByte-Range: 1-*/*\r\n';
const END = '-------d93kswow$\r\n';

function withBody(type: string, body: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${HEAD}Content-Type: ${type}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from(`\r\n${END}`),
  ]);
}

function parse(octets: Buffer): Message {
  const parser = new Parser();
  expect(parser.parse(octets)).toBe(octets.length);
  const message = parser.pieces[0]?.message;
  if (message === undefined) throw new Error('no message');
  return message;
}

function mirrored(octets: Buffer, rules: Partial<MirrorRules> = {}): Buffer {
  const all = { trace_body: 'text', trace_max_payload: 12_288, ...rules } as const;
  const message = parse(octets);
  const first = octets.subarray(0, Math.min(octets.length, octetsNeeded(message, all)));
  return message.complete ? mirror(message, first, all) : mirrorCut(message, first, all);
}

test.each([
  'text/plain',
  'text/html; charset=utf-8',
  'message/cpim',
  'Message/CPIM',
  'message/imdn+xml',
  'application/im-iscomposing+xml',
  'application/xml',
  'application/json',
  'application/vnd.gsma.x+json;v=1',
])('text: a body of %s is mirrored as it is', (type) => {
  const octets = withBody(type, 'Grüße 👋\r\n-------other$\r\nend');
  expect(mirrored(octets)).toEqual(octets);
});

test.each([
  ['image/jpeg', 'image/jpeg'],
  ['application/octet-stream; name="x"', 'application/octet-stream'],
  ['application/xmlx', 'application/xmlx'],
  ['multipart/mixed;boundary=text/plain', 'multipart/mixed'],
  ['context/json2', 'context/json2'],
])('text: a body of %s is told of, not mirrored', (type, named) => {
  const octets = withBody(type, Buffer.from([0, 255, 1, 13, 10]));
  expect(mirrored(octets).toString()).toBe(
    `${HEAD}Content-Type: ${type}\r\n\r\n[msrptap: 5 bytes of ${named} not mirrored]\r\n${END}`,
  );
});

test('a message without a body is mirrored whatever the rule', () => {
  const octets = Buffer.from(HEAD + END);
  for (const trace_body of ['text', 'full', 'headers'] as const)
    expect(mirrored(octets, { trace_body })).toEqual(octets);
});

test('an empty body needs no marker', () => {
  const octets = withBody('image/png', '');
  expect(mirrored(octets, { trace_body: 'headers' })).toEqual(octets);
});

test('full mirrors every type, headers none', () => {
  const binary = withBody('image/png', Buffer.from([137, 80, 78, 71, 0]));
  expect(mirrored(binary, { trace_body: 'full' })).toEqual(binary);
  expect(mirrored(withBody('text/plain', 'secret'), { trace_body: 'headers' }).toString()).toBe(
    `${HEAD}Content-Type: text/plain\r\n\r\n[msrptap: 6 bytes of text/plain not mirrored]\r\n${END}`,
  );
});

test('a body without Content-Type is of unknown type', () => {
  const octets = Buffer.from(`${HEAD}\r\nabc\r\n${END}`);
  expect(mirrored(octets).toString()).toBe(`${HEAD}\r\n[msrptap: 3 bytes of unknown not mirrored]\r\n${END}`);
});

test('the continuation flag is kept', () => {
  const octets = Buffer.from(withBody('image/png', 'xx').toString().replace('$\r\n', '#\r\n'));
  expect(mirrored(octets).toString()).toMatch(/not mirrored\]\r\n-------d93kswow#\r\n$/);
});

test('over the cap: start-line, headers, the beginning of the body cut between characters, the end-line', () => {
  const body = '€'.repeat(1_000);
  const octets = withBody('text/plain', body);
  for (let cap = 512; cap < 520; cap += 1) {
    const text = mirrored(octets, { trace_max_payload: cap }).toString();
    const match =
      /^([^]*?\r\n\r\n)(€*)\[msrptap: (\d+) bytes of text\/plain not mirrored\]\r\n-------d93kswow\$\r\n$/.exec(text);
    expect(match?.[1]).toBe(`${HEAD}Content-Type: text/plain\r\n\r\n`);
    const kept = Buffer.byteLength(match?.[2] ?? '');
    expect(kept + Number(match?.[3])).toBe(3_000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(cap);
    // Nothing is given away but a character that does not fit, and the digits that the marker did not need.
    expect(Buffer.byteLength(text)).toBeGreaterThan(cap - 8);
  }
});

test('headers over the cap: whole lines, a marker, the end-line', () => {
  const long = `${HEAD}X-Long: ${'x'.repeat(2_000)}\r\n`;
  const text = mirrored(Buffer.from(long + END), { trace_max_payload: 1_024 }).toString();
  expect(text).toBe(`${HEAD}[msrptap: 2010 bytes of headers not mirrored]\r\n${END}`);
});

test('headers over the cap and a body: both are told of', () => {
  const octets = Buffer.from(`${HEAD}X-Long: ${'x'.repeat(2_000)}\r\nContent-Type: text/plain\r\n\r\nhello\r\n${END}`);
  const text = mirrored(octets, { trace_max_payload: 1_024 }).toString();
  expect(text).toBe(
    `${HEAD}[msrptap: 2038 bytes of headers not mirrored]\r\n[msrptap: 5 bytes of text/plain not mirrored]\r\n${END}`,
  );
});

test('a cut message is mirrored as far as it came', () => {
  const octets = withBody('text/plain', 'hello world').subarray(0, -20);
  expect(mirrored(octets)).toEqual(Buffer.concat([octets, Buffer.from(`[msrptap: cut after ${octets.length} bytes]`)]));
  const early = octets.subarray(0, 30);
  expect(mirrored(early).toString()).toBe(`${early.toString()}[msrptap: cut after 30 bytes]`);
});

test('the body rules come first for a cut message', () => {
  const octets = withBody('image/png', Buffer.alloc(1_000, 7)).subarray(0, -100);
  const head = `${HEAD}Content-Type: image/png\r\n\r\n`;
  const body = octets.length - head.length;
  expect(mirrored(octets).toString()).toBe(
    `${head}[msrptap: ${body} bytes of image/png not mirrored][msrptap: cut after ${octets.length} bytes]`,
  );
});

test('property: never over the cap, never invents, always ends with the end-line or the cut marker', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3_000 }),
      fc.integer({ min: 512, max: 4_000 }),
      fc.constantFrom<'text' | 'full' | 'headers'>('text', 'full', 'headers'),
      fc.constantFrom('text/plain', 'image/png', `text/${'x'.repeat(400)}`),
      fc.integer({ min: 0, max: 3_000 }),
      fc.boolean(),
      (body, trace_max_payload, trace_body, type, header, cut) => {
        const whole = Buffer.from(
          `${HEAD}X-Filler: ${'y'.repeat(header)}\r\nContent-Type: ${type}\r\n\r\n${Buffer.from(body).toString('hex')}\r\n${END}`,
        );
        const octets = cut ? whole.subarray(0, Math.max(10, whole.length - 30)) : whole;
        const payload = mirrored(octets, { trace_body, trace_max_payload });
        expect(payload.length).toBeLessThanOrEqual(trace_max_payload);
        const text = payload.toString('latin1');
        expect(text.endsWith(cut ? `[msrptap: cut after ${octets.length} bytes]` : `\r\n${END}`)).toBe(true);
        const kept = text.slice(0, text.indexOf('[msrptap: '));
        if (text.includes('[msrptap: ')) expect(octets.toString('latin1').startsWith(kept)).toBe(true);
        else expect(payload).toEqual(octets);
      },
    ),
    { numRuns: 500 },
  );
});
