import { EndLine } from './end-line.js';
import { END_LINE_HYPHENS, PROTOCOL } from './grammar.js';
import { headersOverLimit, type HeaderLimits } from './header-limits.js';
import { HeaderLines } from './header-lines.js';
import { ParsedMessage } from './message.js';
import type { ParseErrorKind } from './parse-errors.js';
import { SplitHead } from './split-head.js';
import { StartLine } from './start-line.js';
import type { WholeMessages } from './whole-message.js';
import type { Words } from './words.js';

export interface OpenMessageLimits extends HeaderLimits {
  readonly maxHeaderSection: number;
}

const IN_START_LINE = 0;
const IN_HEADERS = 1;
const IN_END_LINE = 2;
const IN_BODY = 3;

/**
 * A message that does not stand in one read as a whole, or has a fault: goes through it part by part, wherever reads cut
 * it, and notices a fault at the first octet that cannot be right.
 */
export class OpenMessage {
  /** null when none is open. */
  message: ParsedMessage | null = null;
  /** Where it begins in this read; negative when it began in an earlier one. */
  start = 0;
  error: ParseErrorKind | null = null;
  readonly #limits: OpenMessageLimits;
  readonly #whole: WholeMessages;
  readonly #endLine = new EndLine();
  readonly #startLine = new StartLine(this.#endLine.transactionId);
  readonly #headerLines = new HeaderLines();
  readonly #splitHead = new SplitHead();
  #state = IN_START_LINE;

  /** @param whole knows the heads of the last messages */
  constructor(limits: OpenMessageLimits, whole: WholeMessages) {
    this.#limits = limits;
    this.#whole = whole;
  }

  /** A message begins at `start` of this read. */
  begin(start: number): void {
    this.message = new ParsedMessage(0);
    this.start = start;
    this.#startLine.begin();
    this.#state = IN_START_LINE;
  }

  /**
   * A message that began in `read` goes on at `at`: in its body when it is `headComplete`, else with a header or an
   * end-line.
   */
  goOn(message: ParsedMessage, read: Buffer, at: number): void {
    this.message = message;
    this.start = message.offset;
    this.#endLine.beginAs(read, message.offset + PROTOCOL.length, message.transactionIdLength);
    if (message.headComplete) {
      if (at === message.offset + message.headLength) this.#endLine.afterBlankLine();
      this.#state = IN_BODY;
    } else {
      this.#headerLines.begin();
      this.#state = IN_HEADERS;
    }
  }

  /** To be called when a new read begins. */
  resume(): void {
    if (this.message === null) return;
    this.start = -this.message.length;
    this.#headerLines.resume();
  }

  /**
   * Takes a part of `read`, from `at` on.
   * @returns where the next part goes on; with an `error`, how much of `read` can be passed on
   */
  step(message: ParsedMessage, read: Buffer, words: Words, at: number): number {
    switch (this.#state) {
      case IN_START_LINE:
        return this.#inStartLine(message, read, words, at);
      case IN_HEADERS:
        return this.#inHeaders(message, read, words, at);
      case IN_END_LINE:
        return this.#inEndLine(message, read, at);
      default:
        return this.#inBody(message, read, words, at);
    }
  }

  /** Takes a copy of what it still needs of `read`. */
  settle(read: Buffer): void {
    const { message } = this;
    if (message === null) return;
    if (message.source === read) message.copyHead();
    else if (!message.headComplete && this.error === null) {
      this.#splitHead.append(read, Math.max(0, this.start), read.length);
    }
  }

  #inStartLine(message: ParsedMessage, read: Buffer, words: Words, at: number): number {
    const line = this.#startLine;
    const stop = Math.min(read.length, this.start + this.#limits.maxHeaderSection);
    const end = line.scan(read, at, stop);
    if (line.error !== null) return this.#fail(line.error, Math.max(0, this.start));
    if (!line.complete) {
      return end === read.length ? end : this.#fail('header_section_too_long', Math.max(0, this.start));
    }
    message.kind = line.kind;
    message.status = line.status;
    message.transactionIdLength = line.transactionIdLength;
    message.startLineLength = end - this.start;
    this.#endLine.begin(line.transactionIdLength);
    this.#headerLines.begin();
    this.#state = IN_HEADERS;
    const known = this.#whole.known(message.kind);
    const behind = known.skipHeaders(read, words, end, stop);
    message.paths = known.paths;
    return behind;
  }

  #inHeaders(message: ParsedMessage, read: Buffer, words: Words, at: number): number {
    const lines = this.#headerLines;
    const end = lines.scan(read, words, at, this.start + this.#limits.maxHeaderSection);
    if (lines.error !== null) return this.#fail(lines.error, lines.lineStart);
    if (lines.ending === 'blank_line') {
      if (!this.#endHead(message, read, end)) return Math.max(0, this.start);
      this.#endLine.afterBlankLine();
      this.#state = IN_BODY;
    } else if (lines.ending === 'end_line') {
      if (!this.#endHead(message, read, end - END_LINE_HYPHENS.length)) return Math.max(0, this.start);
      this.#endLine.afterHyphens();
      this.#state = IN_END_LINE;
    }
    return end;
  }

  #inEndLine(message: ParsedMessage, read: Buffer, at: number): number {
    const end = this.#endLine.match(read, at);
    if (this.#endLine.complete) this.#close(message, end);
    else if (end < read.length) return this.#fail('end_line', this.#headerLines.lineStart);
    return end;
  }

  #inBody(message: ParsedMessage, read: Buffer, words: Words, at: number): number {
    const end = this.#endLine.search(read, words, at);
    if (this.#endLine.complete) this.#close(message, end);
    return end;
  }

  /**
   * The header section ends at `end`, which is negative when it did so in an earlier read.
   * @returns whether it has no more than it may have
   */
  #endHead(message: ParsedMessage, read: Buffer, end: number): boolean {
    const headLength = end - this.start;
    let [source, offset] = [read, this.start];
    if (offset < 0) {
      if (end > 0) this.#splitHead.append(read, 0, end);
      [source, offset] = [this.#splitHead.take(headLength), 0];
    }
    this.error = headersOverLimit(source, offset + message.startLineLength, offset + headLength, this.#limits);
    if (this.error !== null) return false;
    message.source = source;
    message.offset = offset;
    message.headLength = headLength;
    return true;
  }

  #close(message: ParsedMessage, end: number): void {
    message.close(end - this.start, this.#endLine.length, this.#endLine.flag);
    this.message = null;
  }

  #fail(kind: ParseErrorKind, offset: number): number {
    this.error = kind;
    return offset;
  }
}
