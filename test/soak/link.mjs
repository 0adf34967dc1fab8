// @ts-check
import { once } from 'node:events';
import { connect } from 'node:net';
import { writeRequest } from '#src/msrp/writer.js';

/** @import { Socket } from 'node:net' */

/** Milliseconds for octets to come back, on a machine however busy. */
const PATIENCE = 30_000;

/** @typedef {'fin' | 'rst'} End */

let links = 0;

/** A connection to msrptap, behind which everything is sent back. */
export class Link {
  #socket;
  #messages = 0;
  #id;
  /** What was sent and did not come back yet. @type {Buffer[]} */
  #expected = [];
  #isWrong = false;
  /** @type {(() => void) | null} */
  #settled = null;
  /** @type {Promise<End>} */
  ended;

  /** @param {Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    links += 1;
    this.#id = `s${links}`;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#compare(bytes));
    this.ended = new Promise((resolve) => {
      socket.on('error', () => resolve('rst')).once('close', () => resolve('fin'));
    });
    socket.once('close', () => this.#settled?.());
  }

  /** @param {number} port */
  static async open(port) {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Link(socket);
  }

  /** A SEND of this session. @param {Buffer | null} body none: one that binds @param {'$' | '+' | '#'} flag */
  message(body, flag = '$') {
    this.#messages += 1;
    const transactionId = `${this.#id}.${this.#messages}x`;
    return writeRequest({
      transactionId,
      method: 'SEND',
      toPath: `msrp://b.example.com:2855/${this.#id};tcp`,
      fromPath: `msrp://a.example.com:2855/${this.#id};tcp`,
      headers: [['Message-ID', transactionId]],
      flag,
      ...(body === null ? {} : { contentType: 'text/plain', body }),
    });
  }

  /** Octets that nobody has to give back. @param {Buffer} bytes */
  send(bytes) {
    this.#socket.write(bytes);
  }

  /** Sends, and waits until all has come back. @param {Buffer} bytes @throws it has not, or is not the same */
  async exchange(bytes) {
    this.#expected.push(bytes);
    const back = new Promise((resolve) => {
      this.#settled = () => resolve(null);
    });
    const timer = setTimeout(() => this.#settled?.(), PATIENCE);
    this.#socket.write(bytes);
    await back;
    clearTimeout(timer);
    if (this.#isWrong) throw new Error('other octets came back than were sent');
    if (this.#expected.length > 0)
      throw new Error(this.#socket.destroyed ? 'closed before all came back' : 'not all came back');
  }

  /** @param {End} end */
  async close(end) {
    if (end === 'rst') this.#socket.resetAndDestroy();
    else this.#socket.end();
    await this.ended;
  }

  /** @param {Buffer} bytes */
  #compare(bytes) {
    let rest = bytes;
    while (rest.length > 0) {
      const [first] = this.#expected;
      if (first === undefined) return;
      const length = Math.min(first.length, rest.length);
      if (rest.compare(first, 0, length, 0, length) !== 0) this.#isWrong = true;
      rest = rest.subarray(length);
      if (length === first.length) this.#expected.shift();
      else this.#expected[0] = first.subarray(length);
    }
    if (this.#expected.length === 0 || this.#isWrong) this.#settled?.();
  }
}
