import { CR, LF } from '../msrp/grammar.js';
import { isHeaderAt } from '../msrp/header-name.js';
import type { Message } from '../msrp/message.js';

const NAME = 'content-type';
const MAX_TYPE = 255;
const TEXT_TYPE = /^(?:text|message)\/|[/+](?:xml|json)$/;

/** Octets of the two CRLFs that a head with a body ends with. */
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
export function mediaType(message: Message): string {
  const type = contentTypeOf(message)?.split(';', 1)[0]?.trim() ?? '';
  return type === '' ? 'unknown' : type.slice(0, MAX_TYPE);
}

/** Whether the body is text for people or programs to read, by its Content-Type. */
export function isText(message: Message): boolean {
  const { typeToken } = message;
  return typeToken === null ? hasTextType(message) : (typeToken.isText ??= hasTextType(message));
}

function hasTextType(message: Message): boolean {
  for (const type of known) if (message.headEndsWith(type.octets)) return type.isText;
  const found = TEXT_TYPE.test(mediaType(message).toLowerCase());
  const { head } = message;
  const line = lastLineOf(head);
  if (isHeaderAt(head, line, NAME) && head.length - line < MAX_KNOWN_OCTETS) {
    known[oldest] = { octets: Buffer.from(head.subarray(line - 1)), isText: found };
    oldest = (oldest + 1) % MAX_KNOWN;
  }
  return found;
}

/** It is the last header where there is a body [RFC 4975 §9]. So the last one counts of a peer that sends several. */
function contentTypeOf({ head, contentType }: Message): string | undefined {
  const line = lastLineOf(head);
  if (!isHeaderAt(head, line, NAME)) return contentType;
  return head.toString('utf8', line + NAME.length + 1, head.indexOf(CR, line)).trim();
}

/** Where the last line before the blank one begins. */
function lastLineOf(head: Buffer): number {
  return head.lastIndexOf(LF, head.length - HEAD_END) + 1;
}
