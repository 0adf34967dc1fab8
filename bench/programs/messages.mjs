/**
 * The traffic of the bench, made once. Each link repeats WINDOW exchanges of its own for ever, and all messages of a kind
 * are of one length: so both ends find the boundaries by counting, and can compare every octet that comes out of the proxy
 * with the one that went in.
 */
import { Buffer } from 'node:buffer';

/** Links through the proxy at once. */
export const LINKS = 50;
/** SENDs without a response that a link has at most. */
export const WINDOW = 8;
/** Octets of each SEND's body. */
export const BODY_OCTETS = 1_024;

const BODY = 'The quick brown fox jumps over the lazy dog; 0123456789 &c.\r\n'.repeat(20).slice(0, BODY_OCTETS);

/** @type {(link: number) => string} two digits, so that all messages are of one length */
const twoDigits = (link) => String(link).padStart(2, '0');

/** @param {number} link @param {number} slot 0 to WINDOW - 1 */
const transactionId = (link, slot) => `bench${twoDigits(link)}w${slot}`;

/** What a SEND of this bench begins with; the group is the number of its link. */
const BEGIN = /^MSRP bench(\d\d)w/;
/** Octets that BEGIN needs. */
export const BEGIN_OCTETS = `MSRP ${transactionId(0, 0)}`.length;

/**
 * @param {Buffer} bytes at least BEGIN_OCTETS
 * @returns {number | null} null: this is none of ours
 */
export function linkOf(bytes) {
  const digits = BEGIN.exec(bytes.toString('latin1', 0, BEGIN_OCTETS))?.[1];
  return digits === undefined ? null : Number(digits);
}

/** @param {number} link */
const clientUri = (link) => `msrp://client.example.com:49154/client-session-${twoDigits(link)};tcp`;
/** @param {number} link */
const endpointUri = (link) => `msrp://endpoint.example.com:2855/endpoint-session-${twoDigits(link)};tcp`;

/** @param {number} link @param {number} slot */
function send(link, slot) {
  const id = transactionId(link, slot);
  return [
    `MSRP ${id} SEND`,
    `To-Path: ${endpointUri(link)}`,
    `From-Path: ${clientUri(link)}`,
    `Message-ID: ${id}.message`,
    `Byte-Range: 1-${BODY_OCTETS}/${BODY_OCTETS}`,
    'Content-Type: text/plain',
    '',
    BODY,
    `-------${id}$`,
    '',
  ].join('\r\n');
}

/** @param {number} link @param {number} slot */
function response(link, slot) {
  const id = transactionId(link, slot);
  return [
    `MSRP ${id} 200 OK`,
    `To-Path: ${clientUri(link)}`,
    `From-Path: ${endpointUri(link)}`,
    `-------${id}$`,
    '',
  ].join('\r\n');
}

/** WINDOW messages of one length, which a link sends over and over. */
export class Cycle {
  /** @readonly */ messageOctets;
  /** Two rounds, so that any run of up to WINDOW messages is one stretch of memory. */
  #octets;

  /** @param {readonly string[]} messages */
  constructor(messages) {
    const once = Buffer.from(messages.join(''), 'latin1');
    this.messageOctets = once.length / messages.length;
    this.#octets = Buffer.concat([once, once]);
  }

  /** Octets until it begins again. */
  get period() {
    return this.#octets.length / 2;
  }

  /**
   * @param {number} slot of the first message
   * @param {number} count at most WINDOW
   */
  messages(slot, count) {
    return this.#octets.subarray(slot * this.messageOctets, (slot + count) * this.messageOctets);
  }

  /**
   * Whether `bytes[start, end)` stands in the cycle at `at`.
   * @param {Buffer} bytes
   * @param {number} start
   * @param {number} end
   * @param {number} at below `period`; at + end - start at most twice that
   */
  holds(bytes, start, end, at) {
    return bytes.compare(this.#octets, at, at + end - start, start, end) === 0;
  }
}

const SLOTS = Array.from({ length: WINDOW }, (_, slot) => slot);
const LINK_NUMBERS = Array.from({ length: LINKS }, (_, link) => link);

/** By link. */
export const SENDS = LINK_NUMBERS.map((link) => new Cycle(SLOTS.map((slot) => send(link, slot))));
/** By link. */
export const RESPONSES = LINK_NUMBERS.map((link) => new Cycle(SLOTS.map((slot) => response(link, slot))));
