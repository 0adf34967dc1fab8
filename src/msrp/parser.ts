import { EndLine } from './end-line.js';
import { CR, END_LINE_HYPHENS, LF, PROTOCOL } from './grammar.js';
import { HeaderLines } from './header-lines.js';
import { ParsedMessage, type Message } from './message.js';
import type { ParseErrorKind } from './parse-errors.js';
import { KnownPaths, type RepeatedPaths } from './repeated-paths.js';
import { SplitHead } from './split-head.js';
import { StartLine } from './start-line.js';

export type { ParseErrorKind } from './parse-errors.js';

/** The part of a message that stands in one read: `read[start, end)`. */
export interface Piece {
  readonly message: Message;
  readonly start: number;
  readonly end: number;
}

export interface ParserOptions {
  /**
   * Octets that a header section may have, from its start-line to its blank line, both included. Default 16384: far
   * more than paths over several relays and credentials come to, and little enough to hold for every connection.
   */
  readonly maxHeaderSection?: number;
}

const DEFAULT_MAX_HEADER_SECTION = 16_384;

const BETWEEN_MESSAGES = 0;
const AFTER_STRAY_CR = 1;
const IN_START_LINE = 2;
const IN_HEADERS = 3;
const IN_END_LINE = 4;
const IN_BODY = 5;

/**
 * Looks on at one direction of a connection, and says which octets belong to which message. It knows no socket, changes
 * no octet, and keeps none but the header section of the message that a read leaves open.
 *
 * Every read is given to `parse`; whoever is interested looks at `pieces` and their messages; then `settle` makes it
 * safe to use the buffer again.
 */
export class Parser {
  /** What the last read brought, in order, until `settle`. The array is used again. */
  readonly pieces: Piece[] = [];
  readonly #maxHeaderSection: number;
  readonly #endLine = new EndLine();
  readonly #startLine = new StartLine(this.#endLine.transactionId);
  readonly #headerLines = new HeaderLines();
  #paths = new KnownPaths();
  readonly #splitHead = new SplitHead();
  #state = BETWEEN_MESSAGES;
  #error: ParseErrorKind | null = null;
  #open: ParsedMessage | null = null;
  /** Where the open message begins in this read; negative when it began in an earlier one. */
  #start = 0;
  /** Where a stray CR stands in this read; 0 when it stood at the end of the one before. */
  #strayCr = 0;
  #strayBytes = 0;
  /** The read that was not settled yet. */
  #read: Buffer | null = null;

  constructor(options: ParserOptions = {}) {
    this.#maxHeaderSection = options.maxHeaderSection ?? DEFAULT_MAX_HEADER_SECTION;
  }

  /** It stands between two messages, and could as well look on at another direction. */
  get idle(): boolean {
    return this.#open === null && this.#state === BETWEEN_MESSAGES && this.#error === null;
  }

  /** From now on it looks on at the direction that has these paths. It has to be idle and settled. */
  serve(paths: KnownPaths): void {
    this.#paths = paths;
  }

  /** What was found that is not MSRP, or null. Nothing is parsed after it. */
  get error(): ParseErrorKind | null {
    return this.#error;
  }

  /** The message that the last read left open. */
  get open(): Message | null {
    return this.#open;
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
    this.#start = this.#open === null ? 0 : -this.#open.length;
    this.#strayCr = 0;
    this.#headerLines.resume();
    let at = 0;
    while (at < read.length && this.#error === null) at = this.#step(read, at);
    this.#leaveOpen(at);
    this.#strayBytes += at;
    return at;
  }

  /** Takes a copy of what the open message still needs: from now on the buffer of the last read may be overwritten. */
  settle(): void {
    const read = this.#read;
    if (read === null) return;
    this.#read = null;
    this.pieces.length = 0;
    const open = this.#open;
    if (open === null) return;
    if (open.source === read) open.copyHead();
    else if (!open.headComplete && this.#error === null) {
      this.#splitHead.append(read, Math.max(0, this.#start), read.length);
    }
  }

  /** Each state takes what it can of `read` from `at`, and returns where the next one goes on. */
  #step(read: Buffer, at: number): number {
    const message = this.#open;
    if (message === null) return this.#betweenMessages(read, at);
    switch (this.#state) {
      case IN_START_LINE:
        return this.#inStartLine(message, read, at);
      case IN_HEADERS:
        return this.#inHeaders(message, read, at);
      case IN_END_LINE:
        return this.#inEndLine(message, read, at);
      default:
        return this.#inBody(message, read, at);
    }
  }

  #betweenMessages(read: Buffer, at: number): number {
    if (this.#state === AFTER_STRAY_CR) {
      if (read[at] !== LF) return this.#fail('between_messages', this.#strayCr);
      this.#state = BETWEEN_MESSAGES;
      return at + 1;
    }
    // Bare CRLFs between messages are seen in the field.
    if (read[at] === CR) {
      this.#strayCr = at;
      this.#state = AFTER_STRAY_CR;
      return at + 1;
    }
    if (read[at] !== PROTOCOL[0]) return this.#fail('start_line', at);
    this.#open = new ParsedMessage();
    this.#start = at;
    this.#startLine.begin();
    this.#state = IN_START_LINE;
    return at;
  }

  #inStartLine(message: ParsedMessage, read: Buffer, at: number): number {
    const line = this.#startLine;
    const stop = Math.min(read.length, this.#start + this.#maxHeaderSection);
    const end = line.scan(read, at, stop);
    if (line.error !== null) return this.#fail(line.error, Math.max(0, this.#start));
    if (!line.complete) {
      return end === read.length ? end : this.#fail('header_section_too_long', Math.max(0, this.#start));
    }
    message.kind = line.kind;
    message.status = line.status;
    message.transactionIdLength = line.transactionIdLength;
    message.startLineLength = end - this.#start;
    this.#endLine.begin(line.transactionIdLength);
    this.#headerLines.begin();
    this.#state = IN_HEADERS;
    return this.#skipPaths(message, read, end);
  }

  /** The headers begin at `at`: what the last message of this kind had there too is known to be right. */
  #skipPaths(message: ParsedMessage, read: Buffer, at: number): number {
    const paths = this.#pathsOf(message);
    message.paths = paths.matchAt(read, at, Math.min(read.length, this.#start + this.#maxHeaderSection));
    return message.paths === null ? at : at + paths.length;
  }

  #pathsOf({ kind }: Message): RepeatedPaths {
    return this.#paths.of(kind);
  }

  #inHeaders(message: ParsedMessage, read: Buffer, at: number): number {
    const lines = this.#headerLines;
    const end = lines.scan(read, at, this.#start + this.#maxHeaderSection);
    if (lines.error !== null) return this.#fail(lines.error, lines.lineStart);
    if (lines.ending === 'blank_line') {
      this.#endHead(message, read, end);
      this.#endLine.afterBlankLine();
      this.#state = IN_BODY;
    } else if (lines.ending === 'end_line') {
      this.#endHead(message, read, end - END_LINE_HYPHENS.length);
      this.#endLine.afterHyphens();
      this.#state = IN_END_LINE;
    }
    return end;
  }

  #inEndLine(message: ParsedMessage, read: Buffer, at: number): number {
    const end = this.#endLine.match(read, at);
    if (this.#endLine.complete) this.#complete(message, end);
    else if (end < read.length) return this.#fail('end_line', this.#headerLines.lineStart);
    return end;
  }

  #inBody(message: ParsedMessage, read: Buffer, at: number): number {
    const end = this.#endLine.search(read, at);
    if (this.#endLine.complete) this.#complete(message, end);
    return end;
  }

  /** The header section ends at `end`, which is negative when it did so in an earlier read. */
  #endHead(message: ParsedMessage, read: Buffer, end: number): void {
    message.headLength = end - this.#start;
    if (this.#start >= 0) {
      message.source = read;
      message.offset = this.#start;
      message.paths ??= this.#pathsOf(message).learn(read, this.#start + message.startLineLength, end);
      return;
    }
    if (end > 0) this.#splitHead.append(read, 0, end);
    message.source = this.#splitHead.take(message.headLength);
  }

  #complete(message: ParsedMessage, end: number): void {
    message.length = end - this.#start;
    message.flag = this.#endLine.flag;
    // Without a body of its own, the CRLF before the end-line is the one that ends the last header or the blank line.
    message.endLineLength = Math.min(this.#endLine.length, message.length - message.headLength);
    this.#addPiece(message, end);
    this.#open = null;
    this.#state = BETWEEN_MESSAGES;
  }

  /** The read ends at `end`, or can be passed on up to there. */
  #leaveOpen(end: number): void {
    const message = this.#open;
    if (message === null) return;
    message.length = end - this.#start;
    if (message.length === 0) this.#open = null;
    else this.#addPiece(message, end);
  }

  #addPiece(message: Message, end: number): void {
    const start = Math.max(0, this.#start);
    if (start === end) return;
    this.pieces.push({ message, start, end });
    this.#strayBytes -= end - start;
  }

  #fail(kind: ParseErrorKind, offset: number): number {
    this.#error = kind;
    return offset;
  }
}
