import { COLON, CR, END_LINE_HYPHENS, HYPHEN, LF, isTokenChar } from './grammar.js';
import { skipWholeLines } from './whole-lines.js';
import type { Words } from './words.js';

const LINE_START = 0;
const HYPHENS = 1;
const NAME_START = 2;
const IN_NAME = 3;
const IN_VALUE = 4;
const AT_LINE_FEED = 5;
const AT_BLANK_LINE_FEED = 6;

/**
 * Finds the end of a header section. Framing is what matters here: any `name: value` line will do, in any order, and
 * nothing of it is decoded.
 */
export class HeaderLines {
  /** What ended the section: its blank line, or the seven hyphens of an end-line in place of a header. */
  ending: 'blank_line' | 'end_line' | null = null;
  error: 'header' | 'header_section_too_long' | null = null;
  /** Where the line that is being read begins in this read; 0 when it began in an earlier one. */
  lineStart = 0;
  #state = LINE_START;
  #hyphens = 0;

  begin(): void {
    this.ending = null;
    this.#state = LINE_START;
  }

  /** To be called when a new read begins. */
  resume(): void {
    this.lineStart = 0;
  }

  /**
   * Takes octets of `read` from `at`.
   * @param limit the first offset that the header section must not reach. The hyphens of an end-line are no part of the
   *   section, and may.
   * @returns the offset behind the blank line or the seven hyphens when there is an `ending`, else `read.length`; an
   *   `error` says that it is of no use
   */
  scan(read: Buffer, words: Words, at: number, limit: number): number {
    const stop = Math.min(read.length, limit);
    while (at < read.length && this.ending === null && this.error === null) {
      if (this.#state === LINE_START) {
        at = skipWholeLines(read, words, at, stop);
        if (at === read.length) return at;
        this.lineStart = at;
        if (at + 1 < stop && read[at] === CR && read[at + 1] === LF) {
          this.ending = 'blank_line';
          return at + 2;
        }
        this.#hyphens = 0;
        this.#state = read[at] === HYPHEN ? HYPHENS : NAME_START;
      } else if (this.#state === HYPHENS) {
        at = this.#takeHyphens(read, at);
      } else if (at >= stop) {
        this.error = 'header_section_too_long';
      } else {
        at = this.#takeOfLine(read, at, stop);
      }
    }
    return at;
  }

  #takeHyphens(read: Buffer, at: number): number {
    const end = Math.min(read.length, at + END_LINE_HYPHENS.length - this.#hyphens);
    const start = at;
    while (at < end && read[at] === HYPHEN) at++;
    this.#hyphens += at - start;
    if (this.#hyphens === END_LINE_HYPHENS.length) {
      this.ending = 'end_line';
      return at;
    }
    // Fewer of them can only begin the name of a header.
    if (at < read.length) this.#state = IN_NAME;
    return at;
  }

  #takeOfLine(read: Buffer, at: number, stop: number): number {
    switch (this.#state) {
      case NAME_START:
        if (read[at] === CR) this.#state = AT_BLANK_LINE_FEED;
        else if (isTokenChar(read[at]!)) this.#state = IN_NAME;
        else this.error = 'header';
        return at + 1;
      case IN_NAME:
        while (at < stop && isTokenChar(read[at]!)) at++;
        if (at === stop) return at;
        if (read[at] === COLON) {
          this.#state = IN_VALUE;
          return this.#takeValue(read, at + 1, stop);
        }
        this.error = 'header';
        return at;
      case IN_VALUE:
        return this.#takeValue(read, at, stop);
      case AT_LINE_FEED:
        if (read[at] === LF) this.#state = LINE_START;
        else this.error = 'header';
        return at + 1;
      default:
        if (read[at] === LF) this.ending = 'blank_line';
        else this.error = 'header';
        return at + 1;
    }
  }

  #takeValue(read: Buffer, at: number, stop: number): number {
    for (; at < stop; at++) {
      const octet = read[at]!;
      if (octet > CR) continue;
      if (octet === CR) {
        this.#state = AT_LINE_FEED;
        return at + 1;
      }
      // A bare LF is a line end to some parsers and none to others, and a NUL ends a string for many: two readers of
      // such a line would not see the same message.
      if (octet === LF || octet === 0) {
        this.error = 'header';
        return at;
      }
    }
    return at;
  }
}
