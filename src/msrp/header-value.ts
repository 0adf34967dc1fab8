import { CR, HTAB, SP } from './grammar.js';

/** What stands behind a header's colon, without the spaces around it. */
export function valueBehind(octets: Buffer, colon: number): string {
  let start = colon + 1;
  let end = octets.indexOf(CR, start);
  while (start < end && isBlank(octets[start]!)) start++;
  while (end > start && isBlank(octets[end - 1]!)) end--;
  return octets.toString('utf8', start, end);
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}
