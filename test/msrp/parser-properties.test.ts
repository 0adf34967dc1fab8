import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Parser } from '#src/msrp/parser.js';
import * as msrp from '../helpers/msrp.js';

describe('any stream of messages', () => {
  it('is split as a search of the whole text splits it', () => {
    fc.assert(
      fc.property(msrp.streams, (stream) => {
        const { messages, octets, strayBytes, accepted, error } = msrp.transcribe([stream]);
        expect(error).toBeNull();
        expect(messages).toEqual(msrp.referenceSplit(stream));
        expect(accepted).toBe(stream.length);
        expect(strayBytes + Buffer.concat(octets).length).toBe(stream.length);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same in any reads, though every buffer is overwritten after its read', () => {
    fc.assert(
      fc.property(msrp.streams, msrp.cuts, (stream, cuts) => {
        expect(msrp.transcribe(msrp.cutAt(stream, cuts))).toEqual(msrp.transcribe([stream]));
      }),
      { numRuns: 500 },
    );
  });

  it('is the same octet by octet', () => {
    fc.assert(
      fc.property(msrp.streams, (stream) => {
        expect(msrp.transcribe(msrp.dripped(stream))).toEqual(msrp.transcribe([stream]));
      }),
      { numRuns: 150 },
    );
  });
});

describe('a body made of end-lines', () => {
  const cases = msrp.transactionIds.chain((id) => fc.tuple(fc.constant(id), msrp.bodies(id), msrp.cuts));

  it('ends where the text says, in any reads', () => {
    fc.assert(
      fc.property(cases, ([id, body, cuts]) => {
        const stream = Buffer.concat([
          Buffer.from(`MSRP ${id} SEND\r\n\r\n`),
          body,
          Buffer.from(`\r\n-------${id}$\r\n`),
        ]);
        const [first] = msrp.referenceSplit(stream);
        expect(first).toBeDefined();
        expect(msrp.transcribe([stream]).messages[0]).toEqual(first);
        expect(msrp.transcribe(msrp.cutAt(stream, cuts)).messages[0]).toEqual(first);
      }),
      { numRuns: 1500 },
    );
  });
});

describe('a damaged stream', () => {
  it('gives the messages before the damage, and the same error, in any reads', () => {
    fc.assert(
      fc.property(msrp.damagedStreams, msrp.cuts, (stream, cuts) => {
        const whole = msrp.transcribe([stream]);
        expect(whole.messages).toEqual(msrp.referenceSplit(stream));
        const split = msrp.transcribe(msrp.cutAt(stream, cuts));
        expect(split.messages).toEqual(whole.messages);
        expect(split.octets).toEqual(whole.octets);
        expect(split.error).toBe(whole.error);
        // What came in earlier reads of the offending line was passed on.
        expect(split.accepted).toBeGreaterThanOrEqual(whole.accepted);
        expect(split.rest.subarray(0, whole.rest.length)).toEqual(whole.rest);
      }),
      { numRuns: 1000 },
    );
  });

  it('is passed on up to the error, and no further', () => {
    fc.assert(
      fc.property(msrp.damagedStreams, msrp.cuts, (stream, cuts) => {
        const parser = new Parser();
        let passedOn = 0;
        for (const read of msrp.cutAt(stream, cuts)) {
          const end = parser.parse(read);
          passedOn += end;
          const inPieces = parser.pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
          expect(inPieces + parser.strayBytes).toBe(end);
          expect(end === read.length || parser.error !== null).toBe(true);
          parser.settle();
        }
        // What was passed on is a beginning of the stream that is no error in itself.
        expect(msrp.transcribe([stream.subarray(0, passedOn)]).error).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});

describe('any octets', () => {
  const octets = fc
    .tuple(
      fc.constantFrom('', 'MSRP ', 'MSRP abcd SEND\r\n', 'MSRP abcd 200\r\nA:', '\r\n'),
      fc.uint8Array({ maxLength: 200 }),
    )
    .map(([prefix, rest]) => Buffer.concat([Buffer.from(prefix), rest]));

  it('never throw', () => {
    fc.assert(
      fc.property(octets, msrp.cuts, (stream, cuts) => {
        const whole = msrp.transcribe([stream]);
        expect(whole.accepted).toBeLessThanOrEqual(stream.length);
        expect(msrp.transcribe(msrp.cutAt(stream, cuts))).toMatchObject({
          error: whole.error,
          messages: whole.messages,
        });
      }),
      { numRuns: 500 },
    );
  });
});
