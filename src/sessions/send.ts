import type { Piece, Read } from '../events.js';
import { LF } from '../msrp/grammar.js';
import type { Message } from '../msrp/message.js';
import { byteRangeOf, type ByteRange } from './byte-range.js';
import { isCpim, typeLineOf } from './content-type.js';
import { contentOfCpim } from './cpim.js';

/** Octets of the blank line that ends a head. */
const CRLF_LENGTH = 2;

/** Of a SEND with a body, what its headers say of it. */
export interface SendFacts {
  /** Index of CONTENTS. */
  readonly content: number;
  /** Whether it has a Content-Type: what has none has no body [RFC 4975 §9]. */
  readonly isTyped: boolean;
  readonly range: ByteRange;
}

/** One after the other in the same object. */
const facts: { -readonly [fact in keyof SendFacts]: SendFacts[fact] } = {
  content: 0,
  isTyped: false,
  range: { start: 1, end: 0, total: 0 },
};

/**
 * @param piece with which its headers are complete
 * @returns good until the next call
 */
export function readSend({ message, start, end }: Piece, { buffer }: Read): SendFacts {
  const { length, headLength } = message;
  // The head is mostly in the read, and is not asked for then: that takes an object.
  const isHere = length === end - start;
  const octets = isHere ? buffer : message.head;
  const headEnd = isHere ? start + headLength : headLength;
  const content = readHead(message, octets, headEnd);
  facts.content = content;
  // Only the beginning of a message says what is in it.
  if (isCpim(content) && facts.range.start === 1) {
    facts.content = contentOfCpim(buffer, Math.max(start, end - (length - headLength)), end, content);
  }
  return facts;
}

/** Reads what stands in the head. @returns the index in CONTENTS of what the Content-Type says */
function readHead(message: Message, octets: Buffer, headEnd: number): number {
  const { typeToken } = message;
  // Without a body, there may be no blank line.
  if (typeToken === null || octets[headEnd - CRLF_LENGTH - 1] !== LF) {
    const { octets: line, content } = typeLineOf(message, octets, headEnd);
    const lineEnd = line.length === 0 ? 0 : headEnd - CRLF_LENGTH + 1 - line.length;
    facts.range = byteRangeOf(message, octets, lineEnd, false);
    facts.isTyped = line.length > 0 || message.contentType !== undefined;
    return content;
  }
  facts.isTyped = true;
  const { length, followsByteRange } = typeToken;
  if (typeToken.content === -1) typeToken.content = typeLineOf(message, octets, headEnd).content;
  facts.range = byteRangeOf(message, octets, headEnd - CRLF_LENGTH - length, followsByteRange);
  return typeToken.content;
}
