/** The two ends of a cycle of messages on a connection. */

/** @import { Socket } from 'node:net' */
/** @import { Buffer } from 'node:buffer' */
/** @import { Cycle } from './messages.mjs' */

/**
 * Octets of a read that are compared with those that were sent. Reads of small messages are below it; comparing all of a
 * large one would cost the load as much as the proxy has to do, and the throughput would be that of the load.
 */
const COMPARED = 32_768;

/** Writes a cycle, some messages at a time. */
export class Outgoing {
  #socket;
  #cycle;
  #perWrite;
  #slot = 0;

  /**
   * @param {Socket} socket
   * @param {Cycle} cycle
   * @param {number} perWrite messages in one write at most
   */
  constructor(socket, cycle, perWrite) {
    this.#socket = socket;
    this.#cycle = cycle;
    this.#perWrite = Math.min(perWrite, cycle.count);
  }

  /** @param {number} count */
  send(count) {
    for (let rest = count; rest > 0; rest -= this.#perWrite) {
      const messages = Math.min(rest, this.#perWrite);
      this.#socket.write(this.#cycle.messages(this.#slot, messages));
      this.#slot = (this.#slot + messages) % this.#cycle.count;
    }
  }
}

/** Checks that what arrives is the cycle, and counts its messages. */
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
      if (!this.#cycle.holds(bytes, start, Math.min(end, start + COMPARED), this.#at)) {
        throw new Error('other bytes arrived than were sent');
      }
      this.#at = (this.#at + end - start) % period;
      start = end;
    }
    this.#begun += bytes.length;
    const messages = Math.floor(this.#begun / messageOctets);
    this.#begun %= messageOctets;
    return messages;
  }
}
