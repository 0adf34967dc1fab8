import { LF } from '../msrp/grammar.js';
import { isHeaderAt } from '../msrp/header-name.js';
import type { Message } from '../msrp/message.js';
import { CONTENTS, type Content } from './kinds.js';

const NAME = 'content-type';

/** A blank line. */
const CRLF_LENGTH = 2;
/** Chats have a few content types, and a proxy that carries files and chats has not many more. */
const MAX_KNOWN = 8;
const MAX_KNOWN_OCTETS = 128;

/** A line with a Content-Type. */
export interface TypeLine {
  /** From the LF before it to its own; empty when it is long, or not the last header. */
  readonly octets: Uint8Array;
  /** Index of CONTENTS. */
  readonly content: number;
}

/** What was found out last, of all links, so that it is not found out for every message: it does not change. */
const known: TypeLine[] = [];
let oldest = 0;

const CPIM = CONTENTS.indexOf('cpim');
const NO_OCTETS = new Uint8Array(0);

/** Types that are more than their first word says; the rest of application/ is files. */
const BY_TYPE: ReadonlyMap<string, Content> = new Map([
  ['message/cpim', 'cpim'],
  ['application/im-iscomposing+xml', 'composing'],
  ['message/imdn+xml', 'imdn'],
]);
const FILE = /^(?:image|audio|video|font|model|application)\//;
/** For programs to read: invitations, positions, links to a file. */
const DATA = /[/+](?:xml|json)$|^application\/sdp$/;

/** Of a content type as it is written, parameters and all. @returns index of CONTENTS */
export function contentOf(contentType: string): number {
  const [type = ''] = contentType.split(';', 1);
  return CONTENTS.indexOf(nameOf(type.trim().toLowerCase()));
}

function nameOf(type: string): Content {
  const named = BY_TYPE.get(type);
  if (named !== undefined) return named;
  if (type.startsWith('text/')) return 'text';
  return FILE.test(type) && !DATA.test(type) ? 'file' : 'other';
}

/** @param content index of CONTENTS */
export function isCpim(content: number): boolean {
  return content === CPIM;
}

/**
 * The Content-Type of a request with a body: its last header [RFC 4975 §9]. So the last one counts of a peer that sends
 * several.
 * @param octets in which the head of `message` ends at `headEnd`
 */
export function typeLineOf(message: Message, octets: Buffer, headEnd: number): TypeLine {
  const end = headEnd - CRLF_LENGTH;
  const same = knownLine(octets, end);
  if (same !== null) return same;
  const start = octets.lastIndexOf(LF, end - CRLF_LENGTH) + 1;
  return typeLineAt(octets, start, end) ?? { octets: NO_OCTETS, content: contentOf(message.contentType ?? '') };
}

/** The Content-Type that is the line `octets[start, end)`, with an LF before it; null: it is another header, or none. */
export function typeLineAt(octets: Buffer, start: number, end: number): TypeLine | null {
  const same = knownLine(octets, end);
  if (same !== null) return same;
  if (!isHeaderAt(octets, start, NAME)) return null;
  const isLong = end - start >= MAX_KNOWN_OCTETS;
  const value = octets.toString('latin1', start + NAME.length + 1, isLong ? start + MAX_KNOWN_OCTETS : end);
  const content = contentOf(value);
  if (isLong) return { octets: NO_OCTETS, content };
  const line = { octets: Uint8Array.from(octets.subarray(start - 1, end)), content };
  known[oldest] = line;
  oldest = (oldest + 1) % MAX_KNOWN;
  return line;
}

function knownLine(octets: Uint8Array, end: number): TypeLine | null {
  for (const line of known) if (endsWith(octets, end, line.octets)) return line;
  return null;
}

/** Whether `wanted` stands in `octets` before `end`. */
function endsWith(octets: Uint8Array, end: number, wanted: Uint8Array): boolean {
  if (wanted.length > end) return false;
  // From behind, where lines that begin alike differ.
  for (let i = wanted.length - 1, at = end; i >= 0; i--) if (octets[--at] !== wanted[i]) return false;
  return true;
}
