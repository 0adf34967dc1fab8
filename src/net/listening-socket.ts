import { createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../lib/address.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import { openSocket, type OpenSocket } from '../lib/socket-fd.js';
import { bind, type ListenAt } from './bind.js';

/** Who stands behind a listening socket. */
export interface Taker {
  onAccept(accepted: Socket): void;
  /**
   * Accepting goes on. At the open-file limit libuv mostly tells nothing: it accepts with a descriptor that it keeps for that,
   * and closes, with a FIN that looks clean. So limits.max_connections is made to fit.
   */
  onError(error: Error): void;
}

/**
 * A `socket=` that is bound. Who takes what it accepts may change while it stands: so a reload neither closes the port
 * nor refuses anybody.
 */
export class ListeningSocket {
  readonly #server: Server;
  #at: Endpoint;
  #taker: Taker | null;
  /** Accepted while nobody takes them. */
  readonly #waiting: Socket[] = [];

  /** @throws MsrptapError listen_failed */
  static async open(at: ListenAt, taker: Taker | null, inherited?: InheritedSockets): Promise<ListeningSocket> {
    const socket = new ListeningSocket(at, taker);
    socket.#at = await bind(socket.#server, at, inherited);
    socket.#server.on('error', (error) => socket.#taker?.onError(error));
    return socket;
  }

  private constructor(at: Endpoint, taker: Taker | null) {
    this.#at = at;
    this.#taker = taker;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (accepted) => this.#accepted(accepted));
  }

  /** Where it listens, with the port that was bound. */
  get address(): Endpoint {
    return this.#at;
  }

  /** For a process that takes it over. */
  get open(): readonly OpenSocket[] {
    return openSocket('listener', this.#server);
  }

  /** From now on it is somebody else's. */
  give(taker: Taker): void {
    this.#taker = taker;
    for (const accepted of this.#waiting.splice(0)) taker.onAccept(accepted);
  }

  /** Accepts nothing any more. What nobody has taken is reset. */
  close(): void {
    this.#server.close();
    for (const accepted of this.#waiting.splice(0)) accepted.resetAndDestroy();
  }

  #accepted(accepted: Socket): void {
    if (this.#taker !== null) {
      this.#taker.onAccept(accepted);
      return;
    }
    // Nobody else listens to it yet, and it may be reset while it waits.
    accepted.on('error', () => {});
    this.#waiting.push(accepted);
  }
}
