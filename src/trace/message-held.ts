import { LF, PROTOCOL, SP, isDigit, type ContinuationFlag } from '../msrp/grammar.js';
import { ParsedMessage, type Message } from '../msrp/message.js';
import { type MirrorRules, mirror, mirrorCut, octetsNeeded } from './mirror.js';

/** Digits of a status code [RFC 4975 §9]. */
const STATUS_LENGTH = 3;

/** A message as plain data: all that is needed to mirror it later, or in another thread. */
export interface HeldMessage {
  /** Its first octets, a copy: the header section, and as much of its body as may be mirrored. */
  readonly octets: Buffer;
  /** As in Message. */
  readonly length: number;
  readonly headLength: number;
  readonly endLineLength: number;
  readonly flag: ContinuationFlag | null;
}

/** @param first as for mirror() */
export function hold(message: Message, first: Buffer, rules: MirrorRules): HeldMessage {
  const { length, headLength, endLineLength, flag } = message;
  const octets = first.subarray(0, octetsNeeded(message, rules));
  // Of a head that is longer than a payload no more was captured than that.
  const copy = Buffer.from(octets.length < headLength ? message.head : octets);
  return { octets: copy, length, headLength, endLineLength, flag };
}

/** The message, as far as `octets` go: its accessors tell what they told of the original. */
export function restore({ octets, length, headLength, endLineLength, flag }: HeldMessage): Message {
  const message = new ParsedMessage(0);
  message.source = octets;
  message.length = length;
  message.headLength = headLength;
  message.endLineLength = endLineLength;
  message.flag = flag;
  if (headLength === 0) return message;
  const code = octets.indexOf(SP, PROTOCOL.length) + 1;
  message.transactionIdLength = code - 1 - PROTOCOL.length;
  message.startLineLength = octets.indexOf(LF, code) + 1;
  if (isDigit(octets[code] ?? SP)) {
    message.kind = 'response';
    message.status = Number(octets.toString('latin1', code, code + STATUS_LENGTH));
  }
  return message;
}

/** What is mirrored of it by these rules. */
export function payloadOf(held: HeldMessage, rules: MirrorRules): Buffer {
  const message = restore(held);
  return message.complete ? mirror(message, held.octets, rules) : mirrorCut(message, held.octets, rules);
}
