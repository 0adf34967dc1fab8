/** The terminals of RFC 4975 §9, as octets. */
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const HTAB = 0x09;
export const HYPHEN = 0x2d;
export const COLON = 0x3a;

/** What every start-line begins with. */
export const PROTOCOL = Buffer.from('MSRP ', 'latin1');

/** transact-id = ident = ALPHANUM 3*31ident-char: 4 to 32 octets. */
export const TRANSACTION_ID_MIN = 4;
export const TRANSACTION_ID_MAX = 32;

/** end-line = "-------" transact-id continuation-flag CRLF. */
export const END_LINE_HYPHENS = '-------';

/** `$` the last chunk, `+` more to come, `#` aborted [RFC 4975 §7.1]. */
export type ContinuationFlag = '$' | '+' | '#';

/** The continuation flag that an octet stands for, or null. */
export function continuationFlag(octet: number): ContinuationFlag | null {
  if (octet === 0x24) return '$';
  if (octet === 0x2b) return '+';
  return octet === 0x23 ? '#' : null;
}

const UPALPHA = 1;
const DIGIT = 2;
const ALPHANUM = 4;
const IDENT = 8;
const TOKEN = 16;

const CLASSES = new Uint8Array(256);

function admit(first: string, last: string, classes: number): void {
  for (let octet = first.charCodeAt(0); octet <= last.charCodeAt(0); octet++) CLASSES[octet]! |= classes;
}

admit('A', 'Z', UPALPHA | ALPHANUM | IDENT);
admit('a', 'z', ALPHANUM | IDENT);
admit('0', '9', DIGIT | ALPHANUM | IDENT);
for (const char of '.-+%=') admit(char, char, IDENT);
// token = 1*(%x21 / %x23-27 / %x2A-2B / %x2D-2E / %x30-39 / %x41-5A / %x5E-7E)
for (const [first, last] of ['!!', "#'", '*+', '-.', '09', 'AZ', '^~'] as const) admit(first!, last!, TOKEN);

export function isUpalpha(octet: number): boolean {
  return (CLASSES[octet]! & UPALPHA) !== 0;
}

export function isDigit(octet: number): boolean {
  return (CLASSES[octet]! & DIGIT) !== 0;
}

export function isAlphanum(octet: number): boolean {
  return (CLASSES[octet]! & ALPHANUM) !== 0;
}

/** ident-char = ALPHANUM / "." / "-" / "+" / "%" / "=" */
export function isIdentChar(octet: number): boolean {
  return (CLASSES[octet]! & IDENT) !== 0;
}

/** A character of a header name. */
export function isTokenChar(octet: number): boolean {
  return (CLASSES[octet]! & TOKEN) !== 0;
}

/** Whether all four octets of a word are ident-chars. */
export function areIdentChars(word: number): boolean {
  return (classesOf(word) & IDENT) !== 0;
}

/** Whether all four octets of a word are characters of a header name. */
export function areTokenChars(word: number): boolean {
  return (classesOf(word) & TOKEN) !== 0;
}

/** Those that all four octets of `word` are in. */
function classesOf(word: number): number {
  return CLASSES[word & 0xff]! & CLASSES[(word >>> 8) & 0xff]! & CLASSES[(word >>> 16) & 0xff]! & CLASSES[word >>> 24]!;
}

const IDENT_TEXT = /^[A-Za-z0-9][A-Za-z0-9.\-+%=]{3,31}$/;

export function isTransactionId(text: string): boolean {
  return IDENT_TEXT.test(text);
}
