import { CR, END_LINE_HYPHENS, HYPHEN, LF } from './grammar.js';
import { WORD, wordsOf, type Words } from './words.js';

const CRLF_LENGTH = 2;

/** What all end-lines that follow a body begin with, and what the body is searched for. */
export const OPENING = Buffer.from(`\r\n${END_LINE_HYPHENS}`, 'latin1');

const FIRST_WORD = wordsOf(OPENING).getInt32(0);
const HYPHENS = wordsOf(OPENING).getInt32(WORD);

/** Hyphens that may turn out to be none of an end-line before the body is searched for the whole OPENING. */
const STRAY_HYPHENS = 8;

/**
 * Where OPENING stands in `read`, from `at` on; -1 when it does not. A search for one octet is the fastest there is,
 * and texts have few hyphens; a body that has more of them is searched for the whole of it.
 */
export function openingIn(read: Buffer, words: Words, at: number): number {
  let hyphen = at + CRLF_LENGTH - 1;
  for (let strays = 0; strays < STRAY_HYPHENS; strays++) {
    hyphen = read.indexOf(HYPHEN, hyphen + 1);
    if (hyphen === -1) return -1;
    if (read[hyphen - 1] === LF && isOpening(read, words, hyphen - CRLF_LENGTH)) return hyphen - CRLF_LENGTH;
  }
  return read.indexOf(OPENING, hyphen - CRLF_LENGTH);
}

/** Whether it stands at `at`. */
export function isOpening(read: Buffer, words: Words, at: number): boolean {
  if (at + OPENING.length > read.length) return false;
  return words.getInt32(at) === FIRST_WORD && words.getInt32(at + WORD) === HYPHENS && read[at + 2 * WORD] === HYPHEN;
}

/** How many octets at the end of `read`, from `at` on, begin an end-line; fewer than OPENING has. */
export function matchedByTail(read: Buffer, at: number): number {
  const first = Math.max(at, read.length - OPENING.length + 1);
  let start = read.length - 1;
  while (start >= first && read[start] !== CR) start--;
  if (start < first) return 0;
  const length = read.length - start;
  for (let i = 1; i < length; i++) if (read[start + i] !== OPENING[i]) return 0;
  return length;
}
