import { createServer, type Server, type Socket } from 'node:net';
import { endpoint, UNSPECIFIED, type Endpoint } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import type { Reason } from '../lib/reasons.js';
import type { Admission } from '../net/accept-gate.js';
import { bind, type ListenAt } from '../net/bind.js';
import type { AcceptFailure } from '../net/listener.js';
import { reasonOfSystemError } from '../net/system-errors.js';

export interface AcceptorOwner {
  /** Asked of each client, before anything is spent on it. */
  admit(listener: number, socket: Socket): Admission;
  /** @param source as what it counts until it closes; null: it is not counted */
  onConnection(listener: number, socket: Socket, source: string | null): void;
  onFailure(listener: number, failure: AcceptFailure): void;
}

/**
 * The listening sockets of the control process. It accepts for all workers and reads nothing: so a port is bound as long as
 * this process lives, whichever workers die, and one count tells whether a connection is one too many. Handing over costs
 * something for each connection, as with node:cluster's own SCHED_RR, and nothing for each exchange; were the workers to
 * accept by themselves (SCHED_NONE), the kernel would share by chance, and each would have to ask whether it may.
 */
export class Acceptor {
  readonly #servers: readonly { readonly at: ListenAt; readonly server: Server }[];

  constructor(sockets: readonly ListenAt[], owner: AcceptorOwner) {
    this.#servers = sockets.map((at, index) => ({ at, server: accepting(at, index, owner) }));
  }

  /**
   * Binds all, or none.
   * @throws MsrptapError listen_failed
   */
  async listen(inherited?: InheritedSockets): Promise<readonly Endpoint[]> {
    try {
      return await Promise.all(this.#servers.map(({ at, server }) => bind(server, at, inherited)));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const { server } of this.#servers) server.close();
  }
}

function accepting(at: ListenAt, index: number, owner: AcceptorOwner): Server {
  let bound: Endpoint = at;
  const fail = (near: Endpoint, far: Endpoint, reason: Reason, detail: string): void =>
    owner.onFailure(index, { near, far, reason, detail, at: nowMicros() });
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    // It is not read here, but whatever is told of it must not end this process.
    socket.on('error', () => {});
    const { refusal, source } = owner.admit(index, socket);
    if (refusal === null) {
      owner.onConnection(index, socket, source);
      return;
    }
    const near = socket.localAddress === undefined ? bound : endpoint(socket.localAddress, socket.localPort);
    const far = endpoint(socket.remoteAddress, socket.remotePort);
    socket.resetAndDestroy();
    fail(near, far, refusal, '');
  });
  server.once('listening', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) bound = { ip: address.address, port: address.port };
    // EMFILE and the like: the connection stays in the kernel's queue, accepting goes on.
    server.on('error', (error) =>
      fail(bound, UNSPECIFIED, reasonOfSystemError(error) ?? 'socket_error', messageOf(error)),
    );
  });
  return server;
}
