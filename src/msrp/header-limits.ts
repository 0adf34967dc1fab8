import { COLON, CR, HTAB, LF, SP } from './grammar.js';
import { isHeaderAt } from './header-name.js';
import type { ParseErrorKind } from './parse-errors.js';

/** What a header section may have: beyond it whoever reads headers would pay for what a peer makes up. */
export interface HeaderLimits {
  /** Header lines. */
  readonly maxHeaders: number;
  /** URIs of the To-Path, and of the From-Path. */
  readonly maxPathUris: number;
}

/**
 * What of the headers in `octets[at, end)` is more than there may be, or null. They are sound; a blank line may end them. Of
 * several To-Paths or From-Paths the first counts, as for all who ask for one.
 */
export function headersOverLimit(
  octets: Buffer,
  at: number,
  end: number,
  { maxHeaders, maxPathUris }: HeaderLimits,
): ParseErrorKind | null {
  let headers = 0;
  let hasToPath = false;
  let hasFromPath = false;
  for (let line = at; line < end && octets[line] !== CR;) {
    headers += 1;
    if (headers > maxHeaders) return 'too_many_headers';
    const next = octets.indexOf(LF, line) + 1;
    const isToPath = !hasToPath && isHeaderAt(octets, line, 'to-path');
    const isFromPath = !isToPath && !hasFromPath && isHeaderAt(octets, line, 'from-path');
    if (isToPath) hasToPath = true;
    if (isFromPath) hasFromPath = true;
    if ((isToPath || isFromPath) && words(octets, octets.indexOf(COLON, line) + 1, next) > maxPathUris) {
      return 'path_too_long';
    }
    line = next;
  }
  return null;
}

function words(octets: Buffer, at: number, end: number): number {
  let count = 0;
  let isInWord = false;
  for (let i = at; i < end; i++) {
    const octet = octets[i]!;
    const isBlank = octet === SP || octet === HTAB || octet === CR || octet === LF;
    if (!isBlank && !isInWord) count += 1;
    isInWord = !isBlank;
  }
  return count;
}
