/** The near end: LINKS connections to one proxy, each with WINDOW SENDs outstanding while a run lasts. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { messageOf } from '#src/lib/errors.js';
import { LINKS, RESPONSES, SENDS, WINDOW } from './messages.mjs';
import { Incoming, Outgoing } from './stream.mjs';

/** @import { Buffer } from 'node:buffer' */
/** @import { Socket } from 'node:net' */

export class Client {
  /** @type {{ readonly socket: Socket, readonly outgoing: Outgoing }[]} */
  #links = [];
  /** SENDs of the present run that are not yet sent. */
  #due = 0;
  /** Exchanges of the present run that are not yet complete. */
  #open = 0;
  #onDone = () => {};
  #perWrite;
  #onError;
  #closing = false;

  /**
   * @param {number} perWrite SENDs in one write at most
   * @param {(error: Error) => void} onError of a link: bytes that are not the bench's, an end before `close`
   */
  constructor(perWrite, onError) {
    this.#perWrite = perWrite;
    this.#onError = onError;
  }

  /** @param {number} port on 127.0.0.1 */
  async connect(port) {
    const sockets = Array.from({ length: LINKS }, () => connect({ host: '127.0.0.1', port, noDelay: true }));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    this.#links = sockets.map((socket, link) => this.#link(socket, link));
  }

  /** Resolves when all responses have arrived. @param {number} exchanges over all links */
  async run(exchanges) {
    this.#due = exchanges;
    this.#open = exchanges;
    /** @type {Promise<void>} */
    const done = new Promise((resolve) => (this.#onDone = resolve));
    for (const { outgoing } of this.#links) this.#send(outgoing, WINDOW);
    await done;
  }

  /** Resolves when every connection has ended, the proxy's FIN included. */
  async close() {
    this.#closing = true;
    await Promise.all(
      this.#links.map(({ socket }) => {
        socket.end();
        return once(socket, 'close');
      }),
    );
  }

  /** @param {Socket} socket @param {number} link */
  #link(socket, link) {
    const [sends, responses] = [SENDS[link], RESPONSES[link]];
    if (sends === undefined || responses === undefined) throw new Error(`there is no link ${link}`);
    const outgoing = new Outgoing(socket, sends, this.#perWrite);
    const incoming = new Incoming(responses);
    socket.on('data', (/** @type {Buffer} */ bytes) => {
      try {
        this.#answered(outgoing, incoming.read(bytes));
      } catch (error) {
        this.#onError(new Error(`link ${link}, at the client: ${messageOf(error)}`));
      }
    });
    socket.on('error', this.#onError);
    socket.on('close', () => {
      if (!this.#closing) this.#onError(new Error(`link ${link} was closed by the proxy`));
    });
    return { socket, outgoing };
  }

  /** @param {Outgoing} outgoing @param {number} count */
  #answered(outgoing, count) {
    this.#open -= count;
    this.#send(outgoing, count);
    if (this.#open === 0) this.#onDone();
  }

  /** @param {Outgoing} outgoing @param {number} room SENDs that the window has room for */
  #send(outgoing, room) {
    const count = Math.min(room, this.#due);
    this.#due -= count;
    outgoing.send(count);
  }
}
