/** The near ends of all links of a run. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '#src/lib/errors.js';
import { Incoming, Outgoing } from './stream.mjs';
import { CIPHERS } from './tls.mjs';

/** @import { Buffer } from 'node:buffer' */
/** @import { Socket } from 'node:net' */
/** @import { Traffic, Work } from './messages.mjs' */

/** Connections that are set up at a time: the backlog of a listener is 511. */
const AT_A_TIME = 200;

/**
 * @typedef {object} Link
 * @property {number} number
 * @property {Outgoing} outgoing
 */

export class Links {
  /** @type {Link[]} */
  all = [];
  /** @type {Socket[]} */
  #sockets = [];
  #closing = false;
  #work;
  #onResponses;
  #onError;

  /**
   * @param {Work} work
   * @param {(link: Link, count: number) => void} onResponses
   * @param {(error: Error) => void} onError bytes that are not the bench's, an end before `close`
   */
  constructor(work, onResponses, onError) {
    this.#work = work;
    this.#onResponses = onResponses;
    this.#onError = onError;
  }

  /**
   * @param {number} port of the proxy, on 127.0.0.1
   * @param {(link: number, localPort: number) => Traffic} trafficOf
   */
  async open(port, trafficOf) {
    const [work, onResponses, onError] = [this.#work, this.#onResponses, this.#onError];
    for (let first = 0; first < work.links; first += AT_A_TIME) {
      const sockets = Array.from({ length: Math.min(AT_A_TIME, work.links - first) }, () => dial(work, port));
      await Promise.all(sockets.map((socket) => once(socket, work.tls === null ? 'connect' : 'secureConnect')));
      this.#sockets.push(...sockets);
    }
    this.all = this.#sockets.map((socket, number) => {
      const traffic = trafficOf(number, socket.localPort ?? 0);
      const link = { number, outgoing: new Outgoing(socket, traffic.sends, work.perWrite) };
      const incoming = new Incoming(traffic.arrivingResponses);
      socket.on('data', (/** @type {Buffer} */ bytes) => {
        try {
          onResponses(link, incoming.read(bytes));
        } catch (error) {
          onError(new Error(`link ${number}, at the client: ${messageOf(error)}`));
        }
      });
      socket.on('error', onError);
      socket.on('close', () => {
        if (!this.#closing) onError(new Error(`link ${number} was closed by the proxy`));
      });
      return link;
    });
  }

  /** Resolves when every connection has ended, the proxy's FIN included. */
  async close() {
    this.#closing = true;
    await Promise.all(
      this.#sockets.map((socket) => {
        socket.end();
        return once(socket, 'close');
      }),
    );
  }
}

/** @param {Work} work @param {number} port @returns {Socket} */
function dial({ tls }, port) {
  const to = { host: '127.0.0.1', port };
  if (tls === null) return connectTcp({ ...to, noDelay: true });
  const socket = connectTls({ ...to, ca: readFileSync(join(tls, 'cert.pem')), ciphers: CIPHERS });
  return socket.setNoDelay(true);
}
