/**
 * The traffic of the bench, made once. Each link repeats some exchanges of its own for ever, and all messages of a kind are
 * of one length: so both ends find the boundaries by counting, and can compare what comes out of the proxy with what must.
 */
import { Buffer } from 'node:buffer';

/**
 * What a run of the bench does over a proxy.
 * @typedef {object} Work
 * @property {number} links connections through the proxy at once, up to 9,999
 * @property {number} window SENDs without a response that a link has at most, up to MAX_WINDOW
 * @property {number} bodyOctets of each SEND
 * @property {number} perWrite messages that either end puts into one write at most, if so many are due
 * @property {string | null} tls folder of cert.pem and key.pem, which both ends then speak TLS with; null: TCP
 * @property {boolean} relayed the proxy is a relay [RFC 4976], which moves its URI from To-Path to From-Path
 */

export const MAX_WINDOW = 8;

const TEXT = 'The quick brown fox jumps over the lazy dog; 0123456789 &c.\r\n';

/** @param {number} octets */
export function textBody(octets) {
  return TEXT.repeat(Math.ceil(octets / TEXT.length)).slice(0, octets);
}

/** @type {(link: number) => string} as many digits for each, so that all messages are of one length */
const digits = (link) => String(link).padStart(4, '0');

/** @param {number} link @param {number} slot 0 to MAX_WINDOW - 1 */
const transactionId = (link, slot) => `bench${digits(link)}w${slot}`;

/** What a SEND of this bench begins with; the group is the number of its link. */
const BEGIN = /^MSRP bench(\d{4})w/;
/** Octets that BEGIN needs. */
export const BEGIN_OCTETS = `MSRP ${transactionId(0, 0)}`.length;

/**
 * @param {Buffer} bytes at least BEGIN_OCTETS
 * @returns {number | null} null: this is none of ours
 */
export function linkOf(bytes) {
  const found = BEGIN.exec(bytes.toString('latin1', 0, BEGIN_OCTETS))?.[1];
  return found === undefined ? null : Number(found);
}

/**
 * @typedef {object} Paths
 * @property {string} to
 * @property {string} from
 */

/** @param {string} id @param {Paths} paths @param {string} body */
export function send(id, { to, from }, body) {
  return [
    `MSRP ${id} SEND`,
    `To-Path: ${to}`,
    `From-Path: ${from}`,
    `Message-ID: ${id}.message`,
    `Byte-Range: 1-${body.length}/${body.length}`,
    'Content-Type: text/plain',
    '',
    body,
    `-------${id}$`,
    '',
  ].join('\r\n');
}

/** @param {string} id @param {Paths} paths */
function response(id, { to, from }) {
  return [`MSRP ${id} 200 OK`, `To-Path: ${to}`, `From-Path: ${from}`, `-------${id}$`, ''].join('\r\n');
}

/** Messages of one length, which a link sends over and over. */
export class Cycle {
  /** @readonly */ count;
  /** @readonly */ messageOctets;
  /** Two rounds, so that any run of up to `count` messages is one stretch of memory. */
  #octets;

  /** @param {readonly string[]} messages */
  constructor(messages) {
    const once = Buffer.from(messages.join(''), 'latin1');
    this.count = messages.length;
    this.messageOctets = once.length / messages.length;
    this.#octets = Buffer.concat([once, once]);
  }

  /** Octets until it begins again. */
  get period() {
    return this.#octets.length / 2;
  }

  /**
   * @param {number} slot of the first message
   * @param {number} count at most `this.count`
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

/** The messages of one link. */
export class Traffic {
  /** What the client writes. @readonly */ sends;
  /** What the endpoint reads. @readonly */ arrivingSends;
  /** What the endpoint writes. @readonly */ responses;
  /** What the client reads. @readonly */ arrivingResponses;

  /**
   * @param {Work} work
   * @param {number} link
   * @param {{ readonly client: string, readonly endpoint: string, readonly relay: string | null }} hosts with ports
   */
  constructor({ window, bodyOctets }, link, hosts) {
    const client = `msrp://${hosts.client}/client-session-${digits(link)};tcp`;
    const endpoint = `msrp://${hosts.endpoint}/endpoint-session-${digits(link)};tcp`;
    const relay = hosts.relay === null ? '' : `msrp://${hosts.relay}/relay;tcp `;
    const body = textBody(bodyOctets);
    const ids = Array.from({ length: window }, (_, slot) => transactionId(link, slot));
    /** @param {Paths} paths */
    const sends = (paths) => new Cycle(ids.map((id) => send(id, paths, body)));
    /** @param {Paths} paths */
    const responses = (paths) => new Cycle(ids.map((id) => response(id, paths)));

    this.sends = sends({ to: relay + endpoint, from: client });
    this.responses = responses({ to: relay + client, from: endpoint });
    this.arrivingSends = relay === '' ? this.sends : sends({ to: endpoint, from: relay + client });
    this.arrivingResponses = relay === '' ? this.responses : responses({ to: client, from: relay + endpoint });
  }
}
