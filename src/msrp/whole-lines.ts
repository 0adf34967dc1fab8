import { COLON, CR, HTAB, HYPHEN, LF, areTokenChars, isTokenChar } from './grammar.js';
import { WORD, hasControl, type Words } from './words.js';

export const NOT_WHOLE = -1;

/**
 * Skips headers that stand in `read[at, stop)` as a whole and have no fault, as nearly all do; what is cut or faulty, a
 * blank line and whatever begins with a hyphen is left to HeaderLines.
 * @returns the offset behind the last of them, `at` when there is none
 */
export function skipWholeLines(read: Buffer, words: Words, at: number, stop: number): number {
  for (let line = at; ; line = at) {
    if (at >= stop || read[at] === HYPHEN) return line;
    while (at + WORD <= stop && areTokenChars(words.getInt32(at))) at += WORD;
    while (at < stop && isTokenChar(read[at]!)) at++;
    if (at === line || at >= stop || read[at] !== COLON) return line;
    at = skipWholeValue(read, words, at + 1, stop);
    if (at === NOT_WHOLE) return line;
  }
}

/** Skips the rest of a header's value. @returns the offset behind its CRLF, or NOT_WHOLE */
export function skipWholeValue(read: Buffer, words: Words, at: number, stop: number): number {
  while (at + WORD <= stop && !hasControl(words.getInt32(at))) at += WORD;
  while (at < stop && (read[at]! > CR || read[at] === HTAB)) at++;
  return at + 1 < stop && read[at] === CR && read[at + 1] === LF ? at + 2 : NOT_WHOLE;
}
