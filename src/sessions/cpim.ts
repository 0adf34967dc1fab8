import { CR, LF } from '../msrp/grammar.js';
import { isCpim, typeLineAt } from './content-type.js';

/** Octets of a body that are looked at: the headers of CPIM and IMDN with long URIs come to half of it. */
const FIRST_OCTETS = 2_048;
/** MIME headers before Content-Type: Content-Length and the like. */
const MAX_LINES = 8;

/**
 * What a message/cpim carries: it has headers of its own, a blank line, and the MIME headers of what is in it
 * [RFC 3862 §2].
 * @param octets in which its body, as much of it as was read, is `octets[start, end)`
 * @returns index of CONTENTS; that of cpim when the type does not stand in the first octets
 */
export function contentOfCpim(octets: Buffer, start: number, end: number, cpim: number): number {
  const stop = Math.min(end, start + FIRST_OCTETS);
  let line = behindBlankLine(octets, start, stop);
  for (let count = 0; count < MAX_LINES && line < stop && octets[line] !== CR; count += 1) {
    const next = behindLine(octets, line, stop);
    if (next === -1) break;
    const type = typeLineAt(octets, line, next);
    if (type !== null) return isCpim(type.content) ? cpim : type.content;
    line = next;
  }
  return cpim;
}

/** Behind the first CRLF CRLF; `stop` when there is none. */
function behindBlankLine(octets: Uint8Array, start: number, stop: number): number {
  // Its last octet is one of CR and LF: where neither stands, it ends four octets on at the earliest.
  for (let at = start + 3; at < stop;) {
    const octet = octets[at];
    if (octet === LF && octets[at - 1] === CR && octets[at - 2] === LF && octets[at - 3] === CR) return at + 1;
    at += octet === LF || octet === CR ? 1 : 4;
  }
  return stop;
}

function behindLine(octets: Uint8Array, start: number, stop: number): number {
  for (let at = start; at < stop; at++) if (octets[at] === LF) return at + 1;
  return -1;
}
