import { FifoRequests, type FifoRequest } from '#src/control/fifo-requests.js';
import { MAX_REQUEST } from '#src/control/mi.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** As it can be compared. */
function plain(request: FifoRequest): unknown {
  return 'body' in request ? { ...request, body: request.body.toString('utf8') } : request;
}

/** The requests in what is written, read in these pieces; then the last writer has gone. */
function requestsIn(...pieces: readonly (string | Uint8Array)[]): unknown[] {
  const found: unknown[] = [];
  const requests = new FifoRequests((request) => found.push(plain(request)));
  for (const piece of pieces) requests.read(Buffer.from(piece));
  requests.end();
  expect(requests.isOpen).toBe(false);
  return found;
}

const json = (reply: string, body: string) => ({ form: 'json', reply, body });
const text = (method: string, reply: string, lines: string[] = [], complete = true) => ({
  form: 'text',
  method,
  reply,
  lines,
  complete,
});
const garbage = { form: 'garbage' };

describe('the JSON form', () => {
  it.each([
    [':r:{"a":1}', [json('r', '{"a":1}')]],
    [':r:{"a":1}\n', [json('r', '{"a":1}')]],
    [':r: {"a":1}\r\n', [json('r', '{"a":1}')]],
    ['\n\n:r:{}\n', [json('r', '{}')]],
    ['::{}\n', [json('', '{}')]],
    [':a:{}:b:{}', [json('a', '{}'), json('b', '{}')]],
    [':a:{}\n:b:[1]\n', [json('a', '{}'), json('b', '[1]')]],
    [':r:{"a":"}{][","b":["\\"}"]}\n', [json('r', '{"a":"}{][","b":["\\"}"]}')]],
    [':r:{"a":"\\\\"}\n', [json('r', '{"a":"\\\\"}')]],
    [':r:{\n  "a": 1\n}\n', [json('r', '{\n  "a": 1\n}')]],
    [':r:"text"\n', [json('r', '"text"')]],
    // Not JSON, but meant as such: whoever wrote it is told.
    [':r:{]\n', [json('r', '{]')]],
    [':r:{"a":"b\n', [json('r', '{"a":"b')]],
    [':r:{"a"', [json('r', '{"a"')]],
    [':r:{"a"\n:b:{}\n', [json('r', '{"a"\n'), json('b', '{}')]],
    [':r:{} rest\n:b:{}\n', [json('r', '{}'), garbage, json('b', '{}')]],
  ])('%j', (written, found) => {
    expect(requestsIn(written)).toEqual(found);
  });
});

describe('the text form', () => {
  it.each([
    [':msrp_trace:r\n\n', [text('msrp_trace', 'r')]],
    [':msrp_trace:r\noff\n\n', [text('msrp_trace', 'r', ['off'])]],
    [':msrp:trace:r\noff\n\n', [text('msrp:trace', 'r', ['off'])]],
    [':m:r\r\na\r\n\r\n', [text('m', 'r', ['a'])]],
    [':m:r\na\nb:: c\n:: d\n\n', [text('m', 'r', ['a', 'b:: c', ':: d'])]],
    [':m:r\n\n:n:s\n\n', [text('m', 'r'), text('n', 's')]],
    [':m:r\n\n:s:{}\n', [text('m', 'r'), json('s', '{}')]],
    [':m:\n\n', [text('m', '')]],
    // Their writers went in the middle.
    [':m:r', [text('m', 'r', [], false)]],
    [':m:r\n', [text('m', 'r', [], false)]],
    [':m:r\na', [text('m', 'r', ['a'], false)]],
    [':m:r\na\n:n:s\n\n', [text('m', 'r', ['a'], false), text('n', 's')]],
    [':m:r\na\n:s:{}', [text('m', 'r', ['a'], false), json('s', '{}')]],
    [':m:r\n:', [text('m', 'r', [], false)]],
  ])('%j', (written, found) => {
    expect(requestsIn(written)).toEqual(found);
  });
});

describe('what is no request', () => {
  it.each([
    ['', []],
    ['\n \n', []],
    ['hello\n:r:{}', [garbage, json('r', '{}')]],
    ['hello', [garbage]],
    [':hello\n:r:{}', [garbage, json('r', '{}')]],
    [':', [garbage]],
    ['{"jsonrpc":"2.0"}\n:r:{}', [garbage, json('r', '{}')]],
  ])('%j', (written, found) => {
    expect(requestsIn(written)).toEqual(found);
  });
});

describe('too long', () => {
  const long = 'x'.repeat(MAX_REQUEST);

  it.each([
    ['JSON', `:r:{"a":"${long}"}\n:s:{}\n`, { form: 'json', reply: 'r', tooLong: true }],
    ['a line', `:m:r\n${long}\n:s:{}\n`, { form: 'text', reply: 'r', tooLong: true }],
    ['many lines', `:m:r\n${'x\n'.repeat(MAX_REQUEST / 2)}`, { form: 'text', reply: 'r', tooLong: true }],
  ])('%s: told once, and skipped', (_, written, found) => {
    const [first, ...others] = requestsIn(written);
    expect(first).toEqual(found);
    expect(others.filter((other) => JSON.stringify(other) !== JSON.stringify(garbage))).toEqual(
      written.includes(':s:') ? [json('s', '{}')] : [],
    );
  });

  it('as long as it may be is not', () => {
    const body = `{"a":"${'x'.repeat(MAX_REQUEST - ':r:{"a":""}'.length)}"}`;
    expect(requestsIn(`:r:${body}`)).toEqual([json('r', body)]);
  });
});

it('the pieces do not matter in which it is read', () => {
  const part = fc.constantFrom(
    ':',
    'r',
    'msrp_trace',
    '\n',
    '{',
    '}',
    '"',
    '\\',
    '[',
    ']',
    ' ',
    '::',
    ':r:{}',
    ':m:r\n',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const written = Buffer.from(parts.join(''));
      const octets = Array.from(written, (_, index) => written.subarray(index, index + 1));
      expect(requestsIn(...octets)).toEqual(requestsIn(written));
    }),
    { numRuns: 500 },
  );
});
