import type { Piece, Read } from '../events.js';
import { byteRangeOf, type ByteRange } from './byte-range.js';
import { isCpim } from './content-type.js';
import { contentOfCpim } from './cpim.js';
import type { SessionFlow } from './flow.js';

/** Of a SEND with a body, what its headers say of it. */
export interface SendFacts {
  /** Index of CONTENTS. */
  readonly content: number;
  readonly range: ByteRange;
}

/** One after the other in the same object. */
const facts: { content: number; range: ByteRange } = { content: 0, range: { start: 1, end: 0, total: 0 } };

/**
 * @param piece with which its headers are complete
 * @returns good until the next call
 */
export function readSend(flow: SessionFlow, { message, start, end }: Piece, { buffer }: Read): SendFacts {
  const { length, headLength } = message;
  // The head is mostly in the read, and is not asked for then: that takes an object.
  const isHere = length === end - start;
  const octets = isHere ? buffer : message.head;
  const headEnd = isHere ? start + headLength : headLength;
  const type = flow.typeLineOf(message, octets, headEnd);
  const range = byteRangeOf(message, octets, type.octets.length === 0 ? 0 : headEnd - 1 - type.octets.length);
  facts.range = range;
  facts.content = type.content;
  // Only the beginning of a message says what is in it.
  if (isCpim(type.content) && range.start === 1) {
    facts.content = contentOfCpim(buffer, Math.max(start, end - (length - headLength)), end, type.content);
  }
  return facts;
}
