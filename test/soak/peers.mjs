// @ts-check
/** Those around msrptap: a next hop that sends back what it gets, and a HEP receiver that comes and goes. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { QUIET_PORTS } from '../helpers/quiet-ports.mjs';

/** @import { Server, Socket } from 'node:net' */

/** Whoever gets back what it sent knows that no octet was lost, changed or given to somebody else, in either direction. */
export async function startEcho() {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    socket.setNoDelay(true);
    socket.pipe(socket);
  });
  return { port: await listen(server, 0), close: () => server.close() };
}

export class HepReceiver {
  /** @type {Server | null} */
  #server = null;
  /** @type {Set<Socket>} */
  #sockets = new Set();
  port = 0;
  octets = 0;

  /** On the port it had, if it had one. */
  async open() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket)).on('error', () => {});
      socket.on('data', ({ length }) => (this.octets += length));
    });
    this.port = await listen(this.#server, this.port);
  }

  /** As a receiver does that dies. */
  close() {
    this.#server?.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

/** @param {Server} server @param {number} port 0: one that is free */
async function listen(server, port) {
  for (;;) {
    const at = port === 0 ? randomInt(QUIET_PORTS.from, QUIET_PORTS.to) : port;
    server.listen({ host: '127.0.0.1', port: at, backlog: 4_096 });
    try {
      await once(server, 'listening');
      return at;
    } catch (error) {
      if (port !== 0) throw error;
    }
  }
}
