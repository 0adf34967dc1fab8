import type { Direction, Piece, Read } from '../events.js';
import { nowMicros } from '../lib/clock.js';

const NOTHING = Buffer.alloc(0);
const NO_PIECES: readonly Piece[] = [];

/** Reads, one after the other in the same object: it is good between `begin` and `end`. */
export class FlowRead implements Read {
  direction: Direction = 'up';
  buffer: Buffer = NOTHING;
  pieces = NO_PIECES;
  strayBytes = 0;
  parseError: string | null = null;
  #time = 0;

  get time(): number {
    if (this.#time === 0) this.#time = nowMicros();
    return this.#time;
  }

  begin(
    direction: Direction,
    buffer: Buffer,
    pieces: readonly Piece[],
    strayBytes: number,
    parseError: string | null,
  ): void {
    this.direction = direction;
    this.buffer = buffer;
    this.pieces = pieces;
    this.strayBytes = strayBytes;
    this.parseError = parseError;
    this.#time = 0;
  }

  /** Lets go of the buffer: what is quiet holds none. */
  end(): void {
    this.buffer = NOTHING;
    this.pieces = NO_PIECES;
  }
}
