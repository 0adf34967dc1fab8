import { COLON, LF, SP } from '../msrp/grammar.js';
import { isHeaderAt } from '../msrp/header-name.js';
import type { Message } from '../msrp/message.js';

const NAME = 'byte-range';
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const SLASH = 0x2f;
const HYPHEN = 0x2d;
/** Octets of a value with three numbers of nine digits. */
const MAX_LENGTH = 30;
const MAX_WORTH = 1_000_000_000;

/** `*`: nobody knows. */
export const UNKNOWN = -1;

/** `start-end/total` [RFC 4975 §7.1.1], the first octet is 1. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
  readonly total: number;
}

/** Without the header a chunk is the whole message. */
const WHOLE: ByteRange = { start: 1, end: UNKNOWN, total: UNKNOWN };

const VALUE = /^(?<start>\d{1,15})-(?<end>\d{1,15}|\*)\/(?<total>\d{1,15}|\*)$/;

/** @param value of the header */
export function rangeOf(value: string | undefined): ByteRange {
  const { start, end, total } = VALUE.exec(value ?? '')?.groups ?? {};
  return start === undefined ? WHOLE : { start: Number(start), end: numberOf(end), total: numberOf(total) };
}

function numberOf(text: string | undefined): number {
  return text === undefined || text === '*' ? UNKNOWN : Number(text);
}

/** What was read last. */
const read = { start: 0, end: 0, total: 0 };

/**
 * Reads a line from its end to its beginning.
 * @param isNamed it is known to be a Byte-Range
 * @returns whether a Byte-Range with whole numbers ends there, behind its CRLF
 */
function readBackwards(octets: Buffer, lineEnd: number, isNamed: boolean): boolean {
  let at = lineEnd - 3;
  let number = 0;
  let worth = 1;
  read.end = UNKNOWN;
  read.total = UNKNOWN;
  for (const stop = at - MAX_LENGTH; at > stop; at--) {
    const octet = octets[at]!;
    if (octet >= DIGIT_0 && octet <= DIGIT_9) {
      number += worth * (octet - DIGIT_0);
      worth *= 10;
      continue;
    }
    // Too long to be exact in 32 bits, empty, or *: left to the expression.
    if (worth === 1 || worth > MAX_WORTH) return false;
    if (octet === SLASH && read.total === UNKNOWN) read.total = number;
    else if (octet === HYPHEN && read.total !== UNKNOWN && read.end === UNKNOWN) read.end = number;
    else break;
    number = 0;
    worth = 1;
  }
  read.start = number;
  if (read.end === UNKNOWN) return false;
  if (octets[at] === SP) at--;
  const name = at - NAME.length;
  return octets[at] === COLON && octets[name - 1] === LF && (isNamed || isHeaderAt(octets, name, NAME));
}

/**
 * The Byte-Range of a request. It mostly stands right before the Content-Type.
 * @param lineEnd where that line would end in `octets`; 0: it is to be looked for
 * @param isNamed the line that ends there is known to be a Byte-Range
 * @returns good until the next call
 */
export function byteRangeOf(message: Message, octets: Buffer, lineEnd: number, isNamed: boolean): ByteRange {
  if (lineEnd > 0 && readBackwards(octets, lineEnd, isNamed)) return read;
  return rangeOf(message.header('Byte-Range'));
}
