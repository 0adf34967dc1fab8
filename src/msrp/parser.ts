import { CR, LF, PROTOCOL } from './grammar.js';
import type { HeaderLimits } from './header-limits.js';
import type { KnownHeads } from './known-heads.js';
import type { Message, ParsedMessage } from './message.js';
import { OpenMessage } from './open-message.js';
import type { ParseErrorKind } from './parse-errors.js';
import { Pieces, type Piece } from './pieces.js';
import { WholeMessages } from './whole-message.js';
import { lookAt, type Words } from './words.js';

export type { ParseErrorKind } from './parse-errors.js';
export type { Piece } from './pieces.js';

/** The defaults are those of the configuration's `limits`, which has the reasons. */
export interface ParserOptions extends Partial<HeaderLimits> {
  /** Octets that a header section may have, from its start-line to its blank line, both included. Default 16384. */
  readonly maxHeaderSection?: number;
}

const DEFAULTS = { maxHeaderSection: 16_384, maxHeaders: 64, maxPathUris: 16 };

/**
 * Looks on at one direction of a connection, and says which octets belong to which message. It knows no socket, changes
 * no octet, and keeps none but the header section of the message that a read leaves open.
 *
 * Every read is given to `parse`; whoever is interested looks at `pieces` and their messages; then `settle` makes it
 * safe to use the buffer again.
 */
export class Parser {
  readonly #maxHeaderSection: number;
  readonly #whole: WholeMessages;
  readonly #open: OpenMessage;
  readonly #pieces = new Pieces();
  #error: ParseErrorKind | null = null;
  /** The last octet was a CR between messages. */
  #isAfterCr = false;
  /** Where it stands in this read; 0 when it stood at the end of the one before. */
  #strayCr = 0;
  #strayBytes = 0;
  /** The read that was not settled yet. */
  #read: Buffer | null = null;

  constructor(options: ParserOptions = {}) {
    const limits = { ...DEFAULTS, ...options };
    this.#maxHeaderSection = limits.maxHeaderSection;
    this.#whole = new WholeMessages(limits);
    this.#open = new OpenMessage(limits, this.#whole);
  }

  /** What the last read brought, in order, until `settle`. */
  get pieces(): readonly Piece[] {
    return this.#pieces.all;
  }

  /** It stands between two messages, and could as well look on at another direction. */
  get idle(): boolean {
    return this.#open.message === null && !this.#isAfterCr && this.#error === null;
  }

  /** From now on it looks on at the direction of which this is known. It has to be idle and settled. */
  serve(heads: KnownHeads): void {
    this.#whole.serve(heads);
  }

  /** What was found that is not MSRP, or null. Nothing is parsed after it. */
  get error(): ParseErrorKind | null {
    return this.#error;
  }

  /** The message that the last read left open. */
  get open(): Message | null {
    return this.#open.message;
  }

  /** Octets of CRLFs between messages in the last read. They belong to no piece. */
  get strayBytes(): number {
    return this.#strayBytes;
  }

  /**
   * Looks at one read. It does not throw.
   * @returns `read.length`; with an `error`, how many octets before it can be passed on: up to the line or message with
   *   the offending octet if that begins in this read, else none. 0 after an error.
   */
  parse(read: Buffer): number {
    this.settle();
    this.#strayBytes = 0;
    if (this.#error !== null) return 0;
    this.#read = read;
    this.#strayCr = 0;
    this.#open.resume();
    const words = lookAt(read);
    let at = 0;
    while (at < read.length && this.#error === null) {
      const { message } = this.#open;
      at = message === null ? this.#betweenMessages(read, words, at) : this.#inMessage(message, read, words, at);
    }
    if (this.#open.message !== null) this.#leaveOpen(this.#open.message, at);
    this.#strayBytes = at - this.#pieces.octets;
    return at;
  }

  /** Takes a copy of what the open message still needs: from now on the buffer of the last read may be overwritten. */
  settle(): void {
    if (this.#read === null) return;
    this.#open.settle(this.#read);
    this.#read = null;
    this.#pieces.clear();
  }

  #betweenMessages(read: Buffer, words: Words, at: number): number {
    if (this.#isAfterCr) {
      if (read[at] !== LF) return this.#fail('between_messages', this.#strayCr);
      this.#isAfterCr = false;
      return at + 1;
    }
    // Bare CRLFs between messages are seen in the field.
    if (read[at] === CR) {
      this.#strayCr = at;
      this.#isAfterCr = true;
      return at + 1;
    }
    if (read[at] !== PROTOCOL[0]) return this.#fail('start_line', at);
    return this.#begin(read, words, at);
  }

  #begin(read: Buffer, words: Words, start: number): number {
    const message = this.#whole.take(read, words, start, Math.min(read.length, start + this.#maxHeaderSection));
    if (message === null) {
      this.#open.begin(start);
      return start;
    }
    const { end } = this.#whole;
    if (message.complete) this.#pieces.add(message, start, end);
    else this.#open.goOn(message, read, end);
    return end;
  }

  #inMessage(message: ParsedMessage, read: Buffer, words: Words, at: number): number {
    const open = this.#open;
    const end = open.step(message, read, words, at);
    if (open.error !== null) return this.#fail(open.error, end);
    if (message.complete) this.#pieces.add(message, Math.max(0, open.start), end);
    return end;
  }

  /** The read ends at `end`, or can be passed on up to there. */
  #leaveOpen(message: ParsedMessage, end: number): void {
    message.length = end - this.#open.start;
    const start = Math.max(0, this.#open.start);
    if (message.length === 0) this.#open.message = null;
    else if (start < end) this.#pieces.add(message, start, end);
  }

  #fail(kind: ParseErrorKind, offset: number): number {
    this.#error = kind;
    return offset;
  }
}
