/** Most messages stand in a read as a whole, and repeat the head of the one before: what is known of that is taken for theirs. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeRequest, writeResponse } from '#src/msrp/writer.js';
import { Scene } from './scene.js';

const ENDS = ['a', 'b', 'c'].map((name) => `msrp://${name}.example.com:7654/${name};tcp`);
const BODY_OCTETS = 40;

const said = fc.record({
  direction: fc.constantFrom<('up' | 'down')[]>('up', 'up', 'up', 'down'),
  kind: fc.constantFrom('SEND', 'SEND', 'SEND', 'SEND', 'REPORT', 'NICKNAME', 'response'),
  to: fc.nat(ENDS.length - 1),
  from: fc.constant(0),
  id: fc.constantFrom('m1', 'm2', 'm3'),
  body: fc.integer({ min: 0, max: BODY_OCTETS }),
  type: fc.constantFrom('text/plain', 'text/plain', 'image/png', 'message/cpim', `text/plain; x=${'y'.repeat(600)}`),
  range: fc.constantFrom(
    'whole',
    'whole',
    'whole',
    '1-*/*',
    '5-9/40',
    '1-*/80',
    '0-0/0',
    '9007199254740993-*/*',
    'x1-5/5',
  ),
  flag: fc.constantFrom<('$' | '+' | '#')[]>('$', '$', '$', '+', '#'),
  extra: fc.constantFrom('', '', '', 'Success-Report: yes', 'Byte-Range: 1-3/3', 'X-Other: 1'),
  /** Whether the Content-Type stands before the others. */
  isOdd: fc.boolean(),
});

type Said = typeof said extends fc.Arbitrary<infer Value> ? Value : never;

const uri = (index: number): string => ENDS[index] ?? '';

function written({ kind, id, body, type, range, flag, extra, isOdd, ...rest }: Said, number: number): Buffer {
  const transactionId = `tid${number}`;
  const [to, from] = [uri(rest.to), uri(rest.from)];
  if (kind === 'response')
    return writeResponse({ transactionId, status: 200, comment: 'OK', toPath: [to], fromPath: [from] });
  const [name = '', value = ''] = extra.split(': ');
  const octets = writeRequest({
    transactionId,
    method: kind,
    toPath: [to],
    fromPath: [from],
    headers: [
      ['Message-ID', id],
      ...(extra === '' ? [] : [[name, value] as const]),
      ['Byte-Range', range === 'whole' ? `1-${body}/${body}` : range],
      ...(kind === 'REPORT' ? [['Status', '000 200 OK'] as const] : []),
    ],
    flag,
    ...(body === 0 || kind !== 'SEND' ? {} : { contentType: type, body: 'x'.repeat(body) }),
  });
  if (!isOdd) return octets;
  const text = octets.toString('latin1');
  const [line = ''] = /Content-Type: .*\r\n/.exec(text) ?? [];
  return Buffer.from(text.replace(line, '').replace('Message-ID', `${line}Message-ID`), 'latin1');
}

/** What is seen of it all. */
function seen(all: readonly Said[], cut: (octets: Buffer) => readonly Buffer[]): unknown {
  const scene = new Scene();
  const link = scene.link();
  all.forEach((each, number) => {
    for (const octets of cut(written(each, number))) link.read(each.direction, octets);
  });
  const rows = scene.rows;
  const counted = [scene.counted('up'), scene.counted('down'), scene.sessions.room];
  link.end();
  const after = [scene.counted('up'), scene.counted('down'), scene.sessions.room];
  return { rows, counted, after, unwatched: new Map(scene.counts.unwatchedCounts) };
}

test('a message that stands in a read as a whole is seen as one that comes in pieces', () => {
  fc.assert(
    fc.property(fc.array(said, { maxLength: 25 }), fc.integer({ min: 1, max: 90 }), (all, size) => {
      const inPieces = seen(all, (octets) => {
        const pieces: Buffer[] = [];
        for (let at = 0; at < octets.length; at += size) pieces.push(octets.subarray(at, at + size));
        return pieces;
      });
      expect(seen(all, (octets) => [octets])).toEqual(inPieces);
    }),
    { numRuns: 500 },
  );
});
