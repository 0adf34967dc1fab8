import * as fc from 'fast-check';
import type { Message } from '#src/msrp/message.js';
import { Parser, type ParserOptions } from '#src/msrp/parser.js';

/** Everything that the parser says of a complete message, decoded, so that it outlives the read. */
export interface Described {
  readonly kind: string;
  readonly method: string;
  readonly status: number;
  readonly comment: string;
  readonly transactionId: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly failureReport: string;
  readonly successReport: boolean;
  readonly flag: string | null;
  readonly headLength: number;
  readonly bodyLength: number;
  readonly endLineLength: number;
  readonly length: number;
}

export function describeMessage(message: Message): Described {
  const { kind, method, status, comment, transactionId, flag, headLength, bodyLength, endLineLength, length } = message;
  const headers = message.headers();
  const { failureReport, successReport } = message;
  const startLine = { kind, method, status, comment, transactionId };
  return { ...startLine, headers, failureReport, successReport, flag, headLength, bodyLength, endLineLength, length };
}

/** What a parser said of a stream that came in some reads. */
export interface Transcript {
  readonly messages: Described[];
  /** Where each of them stood in the stream, and what its octets were. */
  readonly octets: Buffer[];
  readonly strayBytes: number;
  /** Octets up to the end of the stream or to the error offset. */
  readonly accepted: number;
  readonly error: string | null;
  /** What stands of the message that is still open. */
  readonly rest: Buffer;
}

/**
 * Gives reads to a parser as a connection does that uses one buffer for all of them: after each one the buffer is
 * overwritten. Throws when pieces overlap, leave a gap that is no stray CRLF, or reach out of the read.
 */
export function transcribe(reads: readonly Uint8Array[], options?: ParserOptions): Transcript {
  const parser = new Parser(options);
  const messages: Described[] = [];
  const octets: Buffer[] = [];
  let parts: Buffer[] = [];
  let strayBytes = 0;
  let accepted = 0;
  for (const original of reads) {
    const read = Buffer.from(original);
    const end = parser.parse(read);
    let at = 0;
    let stray = 0;
    for (const piece of parser.pieces) {
      if (piece.start < at || piece.end <= piece.start || piece.end > end)
        throw new Error('pieces do not tile the read');
      stray += strayIn(read, at, piece.start);
      at = piece.end;
      parts.push(Buffer.from(read.subarray(piece.start, piece.end)));
      if (!piece.message.complete) continue;
      const whole = Buffer.concat(parts);
      parts = [];
      if (!whole.subarray(0, piece.message.headLength).equals(piece.message.head)) throw new Error('not its head');
      messages.push(describeMessage(piece.message));
      octets.push(whole);
    }
    stray += strayIn(read, at, end);
    if (stray !== parser.strayBytes) throw new Error(`${stray} octets of stray CRLFs, ${parser.strayBytes} reported`);
    strayBytes += stray;
    accepted += end;
    parser.settle();
    read.fill(0xff);
    if (parser.error !== null) break;
    if (end !== original.length) throw new Error('octets were left without an error');
  }
  return { messages, octets, strayBytes, accepted, error: parser.error, rest: Buffer.concat(parts) };
}

function strayIn(read: Buffer, start: number, end: number): number {
  for (let i = start; i < end; i++)
    if (read[i] !== 0x0d && read[i] !== 0x0a) throw new Error('octets without a message');
  return end - start;
}

/** Cuts a stream at offsets; those that do not lie in it are left out. */
export function cutAt(stream: Buffer, offsets: readonly number[]): Buffer[] {
  const inside = [...new Set(offsets)]
    .filter((offset) => offset > 0 && offset < stream.length)
    .toSorted((a, b) => a - b);
  const edges = [0, ...inside, stream.length];
  return edges.slice(1).map((end, i) => stream.subarray(edges[i], end));
}

/** One octet a read. */
export function dripped(stream: Buffer): Buffer[] {
  return Array.from(stream, (_, i) => stream.subarray(i, i + 1));
}

const START_LINE = /MSRP ([A-Za-z0-9][A-Za-z0-9.\-+%=]{3,31}) (?:([A-Z]+)|([0-9]{3})(?: ([^\0\r\n]*))?)\r\n/y;
const HEADER = /(?!-------)([!#-'*+\-.0-9A-Z^-~]+):([^\0\r\n]*)\r\n/y;

/**
 * Splits a whole stream by searching it as text: slow, simple, and shares no code with the parser. It stops at the first
 * thing that is no complete message; what was found until then stands.
 */
export function referenceSplit(stream: Buffer): Described[] {
  const text = stream.toString('latin1');
  const found: Described[] = [];
  for (let at = 0; ;) {
    while (text.startsWith('\r\n', at)) at += 2;
    const message = referenceMessage(text, at);
    if (message === null) return found;
    found.push(message);
    at += message.length;
  }
}

function referenceMessage(text: string, start: number): Described | null {
  START_LINE.lastIndex = start;
  const line = START_LINE.exec(text);
  if (line === null) return null;
  const [startLine, transactionId = '', method = '', status = '0', comment = ''] = line;
  const headers: [string, string][] = [];
  let at = start + startLine.length;
  for (;;) {
    HEADER.lastIndex = at;
    const header = HEADER.exec(text);
    if (header === null) break;
    headers.push([header[1] ?? '', utf8(header[2] ?? '').replace(/^[ \t]+|[ \t]+$/g, '')]);
    at += header[0].length;
  }
  const hasBlankLine = text.startsWith('\r\n', at);
  const headEnd = hasBlankLine ? at + 2 : at;
  const escaped = transactionId.replace(/[.+]/g, String.raw`\$&`);
  const endLine = new RegExp(`\\r\\n-------${escaped}([$+#])\\r\\n`, hasBlankLine ? 'g' : 'y');
  endLine.lastIndex = headEnd - 2;
  const end = endLine.exec(text);
  if (end === null) return null;
  const bodyEnd = Math.max(end.index, headEnd);
  const length = end.index + end[0].length - start;
  return {
    kind: method === '' ? 'response' : 'request',
    method,
    status: Number(status),
    comment: utf8(comment),
    transactionId,
    headers,
    failureReport: referenceFailureReport(headers),
    successReport: valueOf(headers, 'success-report').toLowerCase() === 'yes',
    flag: end[1] ?? null,
    headLength: headEnd - start,
    bodyLength: bodyEnd - headEnd,
    endLineLength: start + length - bodyEnd,
    length,
  };
}

function referenceFailureReport(headers: readonly (readonly [string, string])[]): string {
  const value = valueOf(headers, 'failure-report');
  return /^(?:no|partial)$/i.test(value) ? value.toLowerCase() : 'yes';
}

function valueOf(headers: readonly (readonly [string, string])[], wanted: string): string {
  const [, value = ''] = headers.find(([name]) => name.toLowerCase() === wanted) ?? [];
  return value;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

const ALPHANUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function textOf(alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...alphabet.split('')), minLength, maxLength });
}

/** Few and alike, so that they meet as prefixes of each other, or any. */
export const transactionIds: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('empty', 'abcd', 'abcd1', 'abcd--', 'abcd-------abcd', 'a...', 'A+%=-.'),
  fc.tuple(textOf(ALPHANUM, 1, 1), textOf(`${ALPHANUM}.-+%=`, 3, 31)).map((parts) => parts.join('')),
);

const headerNames = fc.oneof(
  fc.constantFrom(
    'To-Path',
    'From-Path',
    'Message-ID',
    'Byte-Range',
    'Content-Type',
    'X',
    '-',
    '------x',
    'Use-Nickname',
    'Failure-Report',
    'Success-Report',
  ),
  textOf(`${ALPHANUM}!#$%&'*+-.^_\`{|}~`, 1, 12).filter((name) => !name.startsWith('-------')),
);
const headerValues = fc
  .oneof(
    fc.constantFrom(
      '',
      ' msrp://a.example:7654/jshA7weztas;tcp',
      ' 1-*/*',
      '\t x \t',
      ' -------abcd$',
      ':',
      ' Zoë',
      ' no',
      ' yes',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  .filter((value) => !/[\0\r\n]/.test(value));

/** Bodies made of what an end-line is made of, of other messages' end-lines, and of any octets. */
export function bodies(transactionId: string): fc.Arbitrary<Buffer> {
  const endLine = `\r\n-------${transactionId}`;
  const part = fc.oneof(
    fc.nat(endLine.length).map((length) => endLine.slice(0, length)),
    fc.constantFrom('\r', '\n', '\r\n', '-', '-------', '$', '+\r', '#\r\r\n', 'MSRP abcd SEND\r\n'),
    fc.constantFrom('x', '!', '$x', '$\r', '+\r\r', '%\r\n', '-').map((tail) => endLine + tail),
    fc.tuple(transactionIds, fc.constantFrom('$', '+', '#')).map(([id, flag]) => `\r\n-------${id}${flag}\r\n`),
    fc.constantFrom(endLine.slice(2), `${endLine.slice(2)}$\r\n`, `\n${endLine.slice(2)}$\r\n`, transactionId),
    fc.uint8Array({ maxLength: 24 }).map((octets) => Buffer.from(octets).toString('latin1')),
  );
  return fc.array(part, { maxLength: 8 }).map((parts) => Buffer.from(parts.join(''), 'latin1'));
}

const codes = fc.oneof(
  fc.constantFrom('SEND', 'REPORT', 'AUTH', 'NICKNAME', 'X'),
  fc.constantFrom('200', '200 OK', '408 ', '000', '481 Keine Sitzung: ß', '999 -------abcd$'),
);

/** One message. Its body may hold its own end-line: then it is a message and something after it. */
const messages: fc.Arbitrary<Buffer> = transactionIds.chain((id) =>
  fc
    .record({
      code: codes,
      headers: fc.array(fc.tuple(headerNames, headerValues), { maxLength: 5 }),
      content: fc.oneof(fc.constant(null), fc.constant('shared'), bodies(id)),
      flag: fc.constantFrom('$', '+', '#'),
    })
    .map(({ code, headers, content, flag }) => {
      const lines = headers.map(([name, value]) => `${name}:${value}\r\n`).join('');
      const head = Buffer.from(`MSRP ${id} ${code}\r\n${lines}`);
      const endLine = Buffer.from(`-------${id}${flag}\r\n`);
      if (content === null) return Buffer.concat([head, endLine]);
      if (content === 'shared') return Buffer.concat([head, Buffer.from('\r\n'), endLine]);
      return Buffer.concat([head, Buffer.from('\r\n'), Buffer.from(content), Buffer.from('\r\n'), endLine]);
    }),
);

/** Messages that are what they seem: nothing in their bodies ends them. */
export const wholeMessages = messages.filter((octets) => {
  const [first] = referenceSplit(octets);
  return first?.length === octets.length;
});

/** Messages with bare CRLFs before, between and after them. */
export const streams: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: wholeMessages }, { weight: 1, arbitrary: fc.constant(Buffer.from('\r\n')) }),
    {
      maxLength: 6,
    },
  )
  .map((parts) => Buffer.concat(parts));

/** Streams that are almost right: some octets of them were replaced, taken out or put in. */
export const damagedStreams: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(messages, { minLength: 1, maxLength: 3 }).map((parts) => Buffer.concat(parts)),
    fc.array(
      fc.record({
        at: fc.nat(400),
        remove: fc.nat(2),
        insert: fc.oneof(
          fc.uint8Array({ maxLength: 2 }),
          fc.constantFrom('\r', '\n', '\r\n', '\0', '-', ':', ' ').map((text) => Buffer.from(text)),
        ),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([stream, edits]) =>
    edits.reduce((octets, { at, remove, insert }) => {
      const place = at % (octets.length + 1);
      return Buffer.concat([octets.subarray(0, place), insert, octets.subarray(place + remove)]);
    }, stream),
  );

/** Where a stream is cut into reads. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(600), { maxLength: 12 });
