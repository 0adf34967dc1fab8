import { characterBoundary } from './mirror.js';

const REPLACEMENT = '[redacted]';

/** With the CRLF before it, as it stands behind a body. */
const END_LINE = '\r\n-------';
/** [RFC 4975 §9]: CRLF, seven hyphens, at most 32 octets of transaction-id, the continuation flag, CRLF. */
const MAX_END_LINE = 2 + 7 + 32 + 1 + 2;

/** Of each expression, the one that finds all matches, by flags and source: written in a function, it is a new one each time. */
const finders = new Map<string, RegExp>();
/** A module has a few; one that makes new ones all the time is not to fill the memory. */
const MAX_FINDERS = 256;

/**
 * Puts `[redacted]` in the place of each match; of nothing where a match is empty. What is not UTF-8 becomes U+FFFD where
 * anything is redacted.
 * @param limit octets that the payload may have; a longer one is cut and told so
 * @returns null when nothing matches
 * @throws what the expressions throw, if they are not what they seem
 */
export function redact(payload: Buffer, expressions: readonly RegExp[], limit: number): Uint8Array | null {
  const text = payload.toString('utf8');
  let redacted = text;
  for (const expression of expressions) {
    redacted = redacted.replace(finderOf(expression), (match) => (match === '' ? '' : REPLACEMENT));
  }
  return redacted === text ? null : fit(new TextEncoder().encode(redacted), limit);
}

function finderOf(expression: RegExp): RegExp {
  const key = `${expression.flags}/${expression.source}`;
  const known = finders.get(key);
  if (known !== undefined) return known;
  // Sticky, it would find the first octet only.
  const finder = new RegExp(expression.source, `${expression.flags.replace(/[gy]/g, '')}g`);
  if (finders.size >= MAX_FINDERS) finders.clear();
  finders.set(key, finder);
  return finder;
}

/** `[redacted]` may be longer than what it stands for. */
function fit(octets: Uint8Array, limit: number): Uint8Array {
  if (octets.length <= limit) return octets;
  const all = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const endLine = endLineOf(all);
  const room = limit - endLine.length - marker(all.length).length;
  const end = characterBoundary(all, 0, room);
  const left = all.length - endLine.length - end;
  return new Uint8Array(Buffer.concat([all.subarray(0, end), marker(left), endLine]));
}

function endLineOf(octets: Buffer): Buffer {
  const at = octets.lastIndexOf(END_LINE);
  return at === -1 || octets.length - at > MAX_END_LINE ? Buffer.alloc(0) : octets.subarray(at);
}

function marker(octets: number): Buffer {
  return Buffer.from(`[msrptap: ${octets} bytes not mirrored]`);
}
