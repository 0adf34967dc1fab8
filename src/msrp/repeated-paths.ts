import { LF } from './grammar.js';
import { isHeaderAt } from './header-name.js';

/** Longer ones are read line by line: a URI or two have room, and every connection holds so much. */
const MAX_OCTETS = 512;

/** Grain of the memory they are kept in. */
const GRAIN = 64;

const NOTHING = Buffer.alloc(0);

/** Stands for the octets of a To-Path and a From-Path: messages that have the same one have the same paths. */
export type PathsToken = object;

/**
 * The To-Path and From-Path lines of the last message of a kind in one direction. They are the first headers
 * [RFC 4975 §9] and the longest, and a chat repeats them in every message: one comparison spares going through them
 * here, and the token spares reading them to those who look on.
 */
export class RepeatedPaths {
  #octets = NOTHING;
  #length = 0;
  #token: PathsToken | null = null;

  /** Octets of the lines; they were looked at when they were learnt. */
  get length(): number {
    return this.#length;
  }

  /** @returns the token of these lines if they stand in `read` at `at` again and end before `stop`, else null */
  matchAt(read: Buffer, at: number, stop: number): PathsToken | null {
    const end = at + this.#length;
    if (this.#token === null || end > stop) return null;
    return read.compare(this.#octets, 0, this.#length, at, end) === 0 ? this.#token : null;
  }

  /**
   * Remembers the first two lines of the headers in `read[at, end)`, which are known to be right.
   * @returns their token; null when they are not the two paths
   */
  learn(read: Buffer, at: number, end: number): PathsToken | null {
    if (!isHeaderAt(read, at, 'to-path')) return null;
    const second = read.indexOf(LF, at) + 1;
    if (second >= end || !isHeaderAt(read, second, 'from-path')) return null;
    const length = read.indexOf(LF, second) + 1 - at;
    if (length > MAX_OCTETS) return null;
    if (length > this.#octets.length) this.#octets = Buffer.allocUnsafeSlow(Math.ceil(length / GRAIN) * GRAIN);
    read.copy(this.#octets, 0, at, at + length);
    this.#length = length;
    this.#token = {};
    return this.#token;
  }
}

/** The repeated paths of one direction: all that is known of it while no message is open. */
export class KnownPaths {
  #ofRequests: RepeatedPaths | null = null;
  #ofResponses: RepeatedPaths | null = null;

  of(kind: 'request' | 'response'): RepeatedPaths {
    // Most directions have one of them only.
    if (kind === 'request') return (this.#ofRequests ??= new RepeatedPaths());
    return (this.#ofResponses ??= new RepeatedPaths());
  }
}
