/**
 * What of a message is mirrored: the body rules (trace_body), the cap (trace_max_payload) and the markers that stand
 * for what was left out. Pure.
 */
import type { Message } from '../msrp/message.js';
import { isText, mediaType } from './media-type.js';

export interface MirrorRules {
  readonly trace_body: 'text' | 'full' | 'headers';
  /** Octets; at least MIN_MAX_PAYLOAD. */
  readonly trace_max_payload: number;
}

/** Room for the longest marker (a type of 127 + 1 + 127 characters, RFC 6838 §4.2) and the longest end-line. */
export const MIN_MAX_PAYLOAD = 512;

const CRLF = Buffer.from('\r\n');

/** How many of the first octets of a message are needed to mirror it, as far as is known by now. */
export function octetsNeeded(message: Message, rules: MirrorRules): number {
  if (message.headComplete && !keepsBody(message, rules)) return Math.min(message.headLength, rules.trace_max_payload);
  return rules.trace_max_payload;
}

/**
 * @param first the first octets of the message, as many as octetsNeeded() tells or all of them
 * @returns the payload: `first` itself where it is mirrored as it is, as nearly all messages are
 */
export function mirror(message: Message, first: Buffer, rules: MirrorRules): Buffer {
  const whole = message.length <= rules.trace_max_payload && (message.bodyLength === 0 || keepsBody(message, rules));
  return whole && first.length >= message.length ? first : Buffer.concat(abridged(message, first, whole, rules));
}

/** @param whole nothing of it may be left out */
function abridged(message: Message, first: Buffer, whole: boolean, rules: MirrorRules): Buffer[] {
  const { bodyLength, headLength, endLineLength } = message;
  const endLine = Buffer.from(`\r\n-------${message.transactionId}${message.flag ?? '$'}\r\n`, 'latin1');
  // Of a body that turned out to be empty nothing was kept, its end-line neither.
  if (whole) return [first.subarray(0, headLength), endLine.subarray(endLine.length - endLineLength)];
  if (bodyLength === 0 && headLength + endLineLength > rules.trace_max_payload) {
    return [...cutHead(first, headLength, rules.trace_max_payload - endLine.length), endLine];
  }
  return [...cutBody(message, first, bodyLength, rules.trace_max_payload - endLine.length, rules), endLine];
}

/** A message whose connection ended before its end-line came. Parameters as for mirror(). */
export function mirrorCut(message: Message, first: Buffer, rules: MirrorRules): Buffer {
  const marker = Buffer.from(`[msrptap: cut after ${message.length} bytes]`);
  return Buffer.concat([...keptOfCut(message, first, rules.trace_max_payload - marker.length, rules), marker]);
}

function keptOfCut(message: Message, first: Buffer, room: number, rules: MirrorRules): Buffer[] {
  const { length, headLength, headComplete } = message;
  const body = headComplete ? length - headLength : 0;
  if (length <= room && (body === 0 || keepsBody(message, rules))) return [first.subarray(0, length)];
  return headComplete ? cutBody(message, first, body, room, rules) : cutHead(first, length, room);
}

/** The header section, as much of a body of `octets` as rules and room allow, and a marker for what is missing. */
function cutBody(message: Message, first: Buffer, octets: number, room: number, rules: MirrorRules): Buffer[] {
  const { headLength } = message;
  const type = mediaType(message);
  const longest = bodyMarker(octets, type).length;
  if (headLength + longest > room) {
    return [...cutHead(first, headLength, room - longest - CRLF.length), CRLF, bodyMarker(octets, type)];
  }
  if (!keepsBody(message, rules)) return [first.subarray(0, headLength), bodyMarker(octets, type)];
  const end = characterBoundary(first, headLength, Math.min(room - longest, headLength + octets));
  return [first.subarray(0, end), bodyMarker(octets - (end - headLength), type)];
}

/** Whole lines of a header section of `octets`, and a marker for the others; at most `room` octets. */
function cutHead(first: Buffer, octets: number, room: number): Buffer[] {
  const longest = headMarker(octets).length;
  const limit = Math.max(0, room - longest);
  const lineEnd = first.lastIndexOf('\n', Math.max(0, limit - 1));
  const end = lineEnd === -1 ? Math.min(limit, first.length) : lineEnd + 1;
  return [first.subarray(0, end), headMarker(octets - end)];
}

function headMarker(octets: number): Buffer {
  return Buffer.from(`[msrptap: ${octets} bytes of headers not mirrored]`);
}

function bodyMarker(octets: number, type: string): Buffer {
  return Buffer.from(`[msrptap: ${octets} bytes of ${type} not mirrored]`, 'latin1');
}

function keepsBody(message: Message, rules: MirrorRules): boolean {
  switch (rules.trace_body) {
    case 'full':
      return true;
    case 'headers':
      return false;
    case 'text':
      return isText(message);
  }
}

/** The last position up to `end` that is not inside a UTF-8 character (RFC 3629 §3: at most three octets follow the first). */
export function characterBoundary(octets: Buffer, start: number, end: number): number {
  if (end >= octets.length) return octets.length;
  for (let back = end; back > start && back > end - 4; back -= 1) {
    if (((octets[back] ?? 0) & 0xc0) !== 0x80) return back;
  }
  return end;
}
