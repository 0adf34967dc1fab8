import { COLON } from './grammar.js';

/** Whether a header of this name, in lower case, stands at `at`: names are compared without case. */
export function isHeaderAt(octets: Buffer, at: number, name: string): boolean {
  if (octets[at + name.length] !== COLON) return false;
  for (let i = 0; i < name.length; i++) if (lowerCase(octets[at + i]!) !== name.charCodeAt(i)) return false;
  return true;
}

function lowerCase(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}
