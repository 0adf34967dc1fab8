// @ts-check
/** What targets have in common. */
import { isDeepStrictEqual } from 'node:util';
import { MsrptapError } from '#src/lib/errors.js';

/** @param {boolean} holds @param {string} what has to hold @returns {asserts holds} */
export function check(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
}

/** @param {unknown} one @param {unknown} other @param {string} what has to be the same */
export function same(one, other, what) {
  if (!isDeepStrictEqual(one, other)) throw new Error(`not the same: ${what}`);
}

/**
 * The result of something that may refuse its input, as MsrptapErrors with one of these codes do.
 * @template T @param {() => T} work @param {readonly string[]} codes
 * @returns {{ readonly result: T } | { readonly code: string }}
 */
export function orRefused(work, codes) {
  try {
    return { result: work() };
  } catch (error) {
    if (error instanceof MsrptapError && codes.includes(error.code)) return { code: error.code };
    throw error;
  }
}

/** Cuts an input in pieces whose sizes are told by the input itself, so that they are the same each time. @param {Buffer} input */
export function pieces(input) {
  const parts = [];
  let state = input.length;
  for (let at = 0; at < input.length;) {
    state = (Math.imul(state, 31) + (input[at] ?? 0)) >>> 0;
    const size = state % 4 === 0 ? 1 : 1 + (state % 160);
    parts.push(Buffer.from(input.subarray(at, at + size)));
    at += size;
  }
  return parts;
}

/** @param {string} text as it is written by hand, with line ends of one octet */
export function crlf(text) {
  return Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
}
