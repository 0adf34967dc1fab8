import { CR, LF, continuationFlag } from './grammar.js';
import { OPENING, isOpening, openingIn } from './opening.js';
import { WORD, type Words } from './words.js';

/** Octets of the continuation flag and the CRLF. */
export const BEHIND_ID = 3;

/** Octets of an end-line, with the CRLF before it. */
export function endLineLength(transactionIdLength: number): number {
  return OPENING.length + transactionIdLength + BEHIND_ID;
}

/** Whether the whole end-line of the transaction-id `read[id, id + idLength)`, with the CRLF before it, stands at `at`. */
export function isEndLineAt(read: Buffer, words: Words, at: number, id: number, idLength: number): boolean {
  return isOpening(read, words, at) && hasIdAndFlag(read, words, at + OPENING.length, id, idLength);
}

/**
 * Where the first end-line of the transaction-id `read[id, id + idLength)` stands that `read` has as a whole, from `at` on.
 * @returns the offset of the CRLF before it, or -1
 */
export function endLineIn(read: Buffer, words: Words, at: number, id: number, idLength: number): number {
  let opening = openingIn(read, words, at);
  while (opening !== -1 && !hasIdAndFlag(read, words, opening + OPENING.length, id, idLength)) {
    // The pattern has a CR at its beginning and at its end alone: none begins within what matched.
    opening = openingIn(read, words, opening + OPENING.length);
  }
  return opening;
}

function hasIdAndFlag(read: Buffer, words: Words, at: number, id: number, idLength: number): boolean {
  const flag = at + idLength;
  if (flag + BEHIND_ID > read.length) return false;
  const last = idLength - WORD;
  for (let i = 0; i < last; i += WORD) if (words.getInt32(at + i) !== words.getInt32(id + i)) return false;
  return (
    words.getInt32(at + last) === words.getInt32(id + last) &&
    continuationFlag(read[flag]!) !== null &&
    read[flag + 1] === CR &&
    read[flag + 2] === LF
  );
}
