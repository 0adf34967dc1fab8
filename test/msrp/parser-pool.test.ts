import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Parser } from '#src/msrp/parser.js';
import { ParserPool } from '#src/msrp/parser-pool.js';
import { KnownHeads } from '#src/msrp/known-heads.js';
import * as msrp from '../helpers/msrp.js';

/** A direction that has a parser only while a message is open. */
class Direction {
  readonly messages: msrp.Described[] = [];
  readonly tokens = new Set<object>();
  readonly #pool: ParserPool;
  readonly #heads = new KnownHeads();
  #parser: Parser | null = null;

  constructor(pool: ParserPool) {
    this.#pool = pool;
  }

  read(octets: Uint8Array): void {
    const buffer = Buffer.from(octets);
    const parser = this.#parser ?? this.#pool.take(this.#heads);
    expect(parser.parse(buffer)).toBe(buffer.length);
    for (const { message } of parser.pieces) {
      if (message.complete) this.messages.push(msrp.describeMessage(message));
      if (message.paths !== null) this.tokens.add(message.paths);
    }
    parser.settle();
    buffer.fill(0xff);
    this.#parser = parser.idle ? null : parser;
    if (parser.idle) this.#pool.give(parser);
  }
}

test('directions that share parsers are understood as if each had its own', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(msrp.streams, msrp.cuts), { minLength: 2, maxLength: 4 }),
      fc.infiniteStream(fc.nat(3)),
      (streams, turns) => {
        const pool = new ParserPool();
        const directions = streams.map(() => new Direction(pool));
        const waiting = streams.map(([stream, cuts]) => msrp.cutAt(stream, cuts));
        while (waiting.some((reads) => reads.length > 0)) {
          const turn = Number(turns.next().value) % streams.length;
          const read = waiting[turn]?.shift();
          if (read !== undefined) directions[turn]?.read(read);
        }
        expect(directions.map(({ messages }) => messages)).toEqual(
          streams.map(([stream]) => msrp.referenceSplit(stream)),
        );
        const tokens = directions.flatMap((direction) => [...direction.tokens]);
        expect(new Set(tokens).size).toBe(tokens.length);
      },
    ),
    { numRuns: 200 },
  );
});
