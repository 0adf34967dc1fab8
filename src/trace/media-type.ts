import { LF } from '../msrp/grammar.js';
import { isHeaderAt } from '../msrp/header-name.js';
import type { Message } from '../msrp/message.js';

const NAME = 'content-type';
const MAX_TYPE = 255;
const TEXT_TYPE = /^(?:text|message)\/|[/+](?:xml|json)$/;

/** The two CRLFs that a head with a body ends with. */
const HEAD_END = 4;
/** Chats have a few content types: text, CPIM, and that somebody is typing. */
const MAX_KNOWN = 4;
const MAX_KNOWN_OCTETS = 128;

interface KnownType {
  /** The line of a Content-Type, from the LF before it to the end of the head. */
  readonly octets: Buffer;
  readonly isText: boolean;
}

/** What was found out last, of all links, so that it is not found out for every message: it does not change. */
const known: KnownType[] = [];
let oldest = 0;

/** Content-Type without its parameters; `unknown` where there is none [RFC 4975 §9 allows no body then]. */
export function mediaType({ contentType }: Message): string {
  const type = contentType?.split(';', 1)[0]?.trim() ?? '';
  return type === '' ? 'unknown' : type.slice(0, MAX_TYPE);
}

/** Whether the body is text for people or programs to read, by its Content-Type. */
export function isText(message: Message): boolean {
  for (const type of known) if (message.headEndsWith(type.octets)) return type.isText;
  const found = TEXT_TYPE.test(mediaType(message).toLowerCase());
  const octets = contentTypeLine(message);
  if (octets !== null) {
    known[oldest] = { octets, isText: found };
    oldest = (oldest + 1) % MAX_KNOWN;
  }
  return found;
}

/**
 * A copy of the last line of the head, which is the Content-Type's where there is a body [RFC 4975 §9]. null when it is
 * not, or not the only one: a peer that sends two must not have the one known by what the other says.
 */
function contentTypeLine({ head, contentType }: Message): Buffer | null {
  const before = head.lastIndexOf(LF, head.length - HEAD_END);
  if (head.length - before > MAX_KNOWN_OCTETS || !isHeaderAt(head, before + 1, NAME)) return null;
  const value = head.toString('utf8', before + 1 + NAME.length + 1, head.length - HEAD_END).trim();
  return value === contentType ? Buffer.from(head.subarray(before)) : null;
}
