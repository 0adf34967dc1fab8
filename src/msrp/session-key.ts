import { createHash } from 'node:crypto';
import { parseUri, uriKey } from './uri.js';

/** Longer keys are known by their hash: header sections of 16 KiB must not fill the memory. */
const MAX_KEY = 384;

/** A session by its two URIs: the same for both orders and for all spellings that compare equal [RFC 4975 §6.1]. */
export function sessionKey(one: string | undefined, other: string | undefined): string {
  const [a, b] = [keyOf(one), keyOf(other)];
  // Joined, not added: a sum of strings keeps its parts in memory.
  return boundedKey((a < b ? [a, b] : [b, a]).join('\n'));
}

/** For what is remembered by a text of a peer. */
export function boundedKey(text: string): string {
  return text.length <= MAX_KEY ? text : createHash('sha256').update(text).digest('base64');
}

function keyOf(text: string | undefined): string {
  if (text === undefined) return '';
  const uri = parseUri(text);
  return uri === null ? text : uriKey(uri);
}
