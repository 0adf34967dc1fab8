/** The two ends of a cycle of messages on a connection. */
import { WINDOW } from './messages.mjs';

/** @import { Socket } from 'node:net' */
/** @import { Buffer } from 'node:buffer' */
/** @import { Cycle } from './messages.mjs' */

/** Writes a cycle, some messages at a time. */
export class Outgoing {
  #socket;
  #cycle;
  #slot = 0;

  /** @param {Socket} socket @param {Cycle} cycle */
  constructor(socket, cycle) {
    this.#socket = socket;
    this.#cycle = cycle;
  }

  /** In one write. @param {number} count 1 to WINDOW */
  send(count) {
    this.#socket.write(this.#cycle.messages(this.#slot, count));
    this.#slot = (this.#slot + count) % WINDOW;
  }
}

/** Checks that what arrives is the cycle, octet by octet, and counts its messages. */
export class Incoming {
  #cycle;
  /** Octets of the present period that have arrived. */
  #at = 0;
  /** Octets of the present message that have arrived. */
  #begun = 0;

  /** @param {Cycle} cycle */
  constructor(cycle) {
    this.#cycle = cycle;
  }

  /**
   * @param {Buffer} bytes one read
   * @returns {number} messages that it completed
   * @throws {Error} the bytes are not those that were sent: something was lost, doubled or altered
   */
  read(bytes) {
    const { period, messageOctets } = this.#cycle;
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + period);
      if (!this.#cycle.holds(bytes, start, end, this.#at)) throw new Error('other bytes arrived than were sent');
      this.#at = (this.#at + end - start) % period;
      start = end;
    }
    this.#begun += bytes.length;
    const messages = Math.floor(this.#begun / messageOctets);
    this.#begun %= messageOctets;
    return messages;
  }
}
