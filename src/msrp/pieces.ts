import type { Message } from './message.js';

/** The part of a message that stands in one read: `read[start, end)`. */
export interface Piece {
  readonly message: Message;
  readonly start: number;
  readonly end: number;
}

/** Nothing is ever added to it. */
const NONE: Piece[] = [];

/** What one read brings, in order. */
export class Pieces {
  #all = NONE;
  #octets = 0;

  get all(): readonly Piece[] {
    return this.#all;
  }

  /** Octets of all of them. */
  get octets(): number {
    return this.#octets;
  }

  add(message: Message, start: number, end: number): void {
    const piece = { message, start, end };
    // Many reads bring one. An empty array would make room for many at once, which takes longer than the piece.
    if (this.#all === NONE) this.#all = [piece];
    else this.#all.push(piece);
    this.#octets += end - start;
  }

  clear(): void {
    this.#all = NONE;
    this.#octets = 0;
  }
}
