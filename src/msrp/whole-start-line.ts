import { CR, LF, PROTOCOL, SP, TRANSACTION_ID_MAX, TRANSACTION_ID_MIN } from './grammar.js';
import { areIdentChars, isAlphanum, isDigit, isIdentChar, isUpalpha } from './grammar.js';
import { NOT_WHOLE } from './whole-lines.js';
import { WORD, wordsOf, type Words } from './words.js';

const MSRP = wordsOf(PROTOCOL).getInt32(0);
const STATUS_DIGITS = 3;

/**
 * The beginning of a start-line, `MSRP transact-id SP`, that stands in `read[start, stop)` as a whole and has no fault, as
 * nearly all do; what is cut or faulty is left to StartLine.
 * @returns the offset behind it, where the method or status code begins, or NOT_WHOLE
 */
export function skipWholeTransactionId(read: Buffer, words: Words, start: number, stop: number): number {
  const id = start + PROTOCOL.length;
  if (id + TRANSACTION_ID_MIN >= stop) return NOT_WHOLE;
  if (words.getInt32(start) !== MSRP || read[id - 1] !== SP || !isAlphanum(read[id]!)) return NOT_WHOLE;
  const end = Math.min(stop, id + TRANSACTION_ID_MAX);
  let at = id;
  while (at + WORD <= end && areIdentChars(words.getInt32(at))) at += WORD;
  while (at < end && isIdentChar(read[at]!)) at++;
  return at >= id + TRANSACTION_ID_MIN && at < stop && read[at] === SP ? at + 1 : NOT_WHOLE;
}

/**
 * The rest of a start-line, from its method or status code at `code`.
 * @returns the offset behind its CRLF, or NOT_WHOLE
 */
export function skipWholeCode(read: Buffer, code: number, stop: number): number {
  let at = code;
  while (at < stop && isUpalpha(read[at]!)) at++;
  if (at === code) {
    while (at < stop && at < code + STATUS_DIGITS && isDigit(read[at]!)) at++;
    if (at !== code + STATUS_DIGITS) return NOT_WHOLE;
    // A comment: up to a control character, whichever it is.
    if (at < stop && read[at] === SP) while (at < stop && read[at]! >= SP) at++;
  }
  return at + 1 < stop && read[at] === CR && read[at + 1] === LF ? at + 2 : NOT_WHOLE;
}
