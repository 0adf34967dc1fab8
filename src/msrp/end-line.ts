import { CR, LF, TRANSACTION_ID_MAX, continuationFlag, type ContinuationFlag } from './grammar.js';
import { OPENING, matchedByTail, openingIn } from './opening.js';
import type { Words } from './words.js';

const CRLF_LENGTH = 2;
const FLAG_LENGTH = 1;

/**
 * Recognises one message's own end-line, `CRLF "-------" transact-id continuation-flag CRLF`, wherever reads cut it.
 *
 * It keeps no octet of the body: of what may be the beginning of an end-line it knows how many octets matched, and
 * these are known from the pattern. The first octet of the pattern, a CR, comes again only before its last one, and
 * there an LF completes it; so after a mismatch a new match can only begin at the octet that did not match.
 */
export class EndLine {
  /** The continuation flag, once it was matched. */
  flag: ContinuationFlag | null = null;
  /** From the opening CRLF to before the flag. */
  readonly #pattern = Buffer.alloc(OPENING.length + TRANSACTION_ID_MAX);
  /** The transaction-id's place in it. */
  readonly transactionId: Uint8Array = this.#pattern.subarray(OPENING.length);
  #flagAt = OPENING.length;
  #matched = 0;

  constructor() {
    OPENING.copy(this.#pattern);
  }

  /** Octets of the whole line, with the CRLF before it and the one that ends it. */
  get length(): number {
    return this.#flagAt + FLAG_LENGTH + CRLF_LENGTH;
  }

  get complete(): boolean {
    return this.#matched === this.length;
  }

  /** From now on it is the end-line of the transaction-id that stands in the first `length` octets of `transactionId`. */
  begin(length: number): void {
    this.#flagAt = OPENING.length + length;
    this.#matched = 0;
  }

  /** As begin(), of the transaction-id `read[id, id + length)`. */
  beginAs(read: Buffer, id: number, length: number): void {
    for (let i = 0; i < length; i++) this.transactionId[i] = read[id + i]!;
    this.begin(length);
  }

  /** The blank line was read: peers that send an empty body let its CRLF serve as the one before the end-line. */
  afterBlankLine(): void {
    this.#matched = CRLF_LENGTH;
  }

  /** A CRLF and seven hyphens were read. */
  afterHyphens(): void {
    this.#matched = OPENING.length;
  }

  /**
   * Goes through the octets of a body from `at`.
   * @returns the offset behind the end-line when it is `complete`, else `read.length`
   */
  search(read: Buffer, words: Words, at: number): number {
    while (at < read.length) {
      if (this.#matched === 0) {
        const opening = openingIn(read, words, at);
        if (opening === -1) {
          this.#matched = matchedByTail(read, at);
          return read.length;
        }
        this.#matched = OPENING.length;
        at = opening + OPENING.length;
      }
      at = this.match(read, at);
      if (this.complete) return at;
      if (at < read.length) {
        this.#matched = read[at] === CR ? 1 : 0;
        at++;
      }
    }
    return at;
  }

  /**
   * Compares the octets from `at` with what is to come of the end-line.
   * @returns the offset behind the end-line when it is `complete`, of the first octet that does not match, or
   *   `read.length` when all of them did
   */
  match(read: Buffer, at: number): number {
    let matched = this.#matched;
    while (at < read.length && matched < this.#flagAt && read[at] === this.#pattern[matched]) {
      matched++;
      at++;
    }
    this.#matched = matched;
    if (matched < this.#flagAt) return at;
    while (at < read.length && !this.complete && this.#matches(read[at]!)) {
      this.#matched++;
      at++;
    }
    return at;
  }

  #matches(octet: number): boolean {
    const behindFlag = this.#matched - this.#flagAt;
    if (behindFlag < 0) return octet === this.#pattern[this.#matched];
    if (behindFlag > 0) return octet === (behindFlag === FLAG_LENGTH ? CR : LF);
    this.flag = continuationFlag(octet);
    return this.flag !== null;
  }
}
