/** Who has a connection to the HTTP port, and how the requests of one wait for each other. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A few scrapers and operators; a flood must not take descriptors from the links. */
export const MAX_HTTP_CONNECTIONS = 64;

/**
 * Requests of a connection that may wait for the one before them [RFC 9112 §9.3.2]. No browser and no scraper sends any so;
 * with thousands in one packet, a peer that reads no answer would fill the memory with them.
 */
export const MAX_PIPELINED = 16;

interface Connection {
  readonly socket: Socket;
  /** Requests without an answer, the one that is answered included. */
  requests: number;
  /** Done when the last of them is answered. */
  answered: Promise<void>;
  current: { readonly request: IncomingMessage; readonly response: ServerResponse } | null;
}

export class HttpConnections {
  /** By the far socket; who has kept the others waiting for longest comes first. */
  readonly #open = new Map<string, Connection>();

  /**
   * Of more than there may be, the one goes that has sent no whole request, or not taken its answer, for longest: whoever
   * only holds places must not keep out the health check, upon whose failure msrptap would be killed.
   */
  opened(socket: Socket): void {
    const key = keyOf(socket);
    if (this.#open.size >= MAX_HTTP_CONNECTIONS) (this.#slowest ?? socket).destroy();
    if (socket.destroyed) return;
    const connection = { socket, requests: 0, answered: Promise.resolve(), current: null };
    this.#open.set(key, connection);
    socket.once('close', () => {
      if (this.#open.get(key) === connection) this.#open.delete(key);
    });
  }

  /**
   * Waits until all requests before this one are answered and their answers taken, so that no connection has more than one
   * answer in memory.
   * @returns false: it is not to be answered, its connection is closed
   */
  async turnOf(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const key = keyOf(request.socket);
    const connection = this.#open.get(key);
    if (connection === undefined || connection.requests >= MAX_PIPELINED) {
      request.socket.destroy();
      return false;
    }
    connection.requests += 1;
    const before = connection.answered;
    connection.answered = new Promise((resolve) => {
      response.once('close', () => {
        connection.requests -= 1;
        connection.current = null;
        this.#moveBehind(key, connection);
        resolve();
      });
    });
    await before;
    if (request.socket.destroyed) return false;
    connection.current = { request, response };
    this.#moveBehind(key, connection);
    return true;
  }

  get #slowest(): Socket | null {
    for (const { socket, current } of this.#open.values()) {
      if (current === null || !current.request.complete || current.response.writableEnded) return socket;
    }
    return null;
  }

  #moveBehind(key: string, connection: Connection): void {
    if (this.#open.get(key) !== connection) return;
    this.#open.delete(key);
    this.#open.set(key, connection);
  }
}

/** The same for a TCP connection and for what TLS makes of it. */
function keyOf({ remoteAddress = '', remotePort = 0, localAddress = '' }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
