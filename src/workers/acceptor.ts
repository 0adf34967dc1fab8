import type { Socket } from 'node:net';
import { endpoint, UNSPECIFIED, type Endpoint } from '../lib/address.js';
import { allOf } from '../lib/all-of.js';
import { nowMicros } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import { listenerKeys } from '../lib/listener-keys.js';
import type { Prepared } from '../lib/prepared.js';
import type { OpenSocket } from '../lib/socket-fd.js';
import type { Reason } from '../lib/reasons.js';
import type { Admission } from '../net/accept-gate.js';
import type { ListenAt } from '../net/bind.js';
import type { AcceptFailure } from '../net/listener.js';
import { ListeningSocket, type Taker } from '../net/listening-socket.js';
import { reasonOfSystemError } from '../net/system-errors.js';

/** Listeners are told by their keys. */
export interface AcceptorOwner {
  /** Asked before anything is spent on a connection. */
  admit(listener: string, socket: Socket): Admission;
  /** @param source as what it counts until it closes; null: it is not counted */
  onConnection(listener: string, socket: Socket, source: string | null): void;
  onFailure(listener: string, failure: AcceptFailure): void;
}

/**
 * The listening sockets of the control process. It accepts for all workers and reads nothing: so a port is bound as long as
 * this process lives, whichever workers die, and one count tells whether a connection is one too many. Handing over costs
 * something for each connection, as with node:cluster's own SCHED_RR, and nothing for each exchange; were the workers to
 * accept by themselves (SCHED_NONE), the kernel would share by chance, and each would have to ask whether it may.
 */
export class Acceptor {
  readonly #owner: AcceptorOwner;
  /** In the order of the configuration. */
  #sockets: ReadonlyMap<string, ListeningSocket> = new Map();

  constructor(owner: AcceptorOwner) {
    this.#owner = owner;
  }

  /** Where it listens. */
  get addresses(): readonly Endpoint[] {
    return Array.from(this.#sockets.values(), ({ address }) => address);
  }

  /**
   * Binds all, or none, and accepts.
   * @throws MsrptapError listen_failed
   */
  async listen(listeners: readonly ListenAt[], inherited?: InheritedSockets): Promise<readonly Endpoint[]> {
    const prepared = await this.prepare(listeners, inherited);
    prepared.use();
    return this.addresses;
  }

  /**
   * Binds those that are not bound yet; what connects there waits. Used, those that are no listeners any more are closed.
   * @throws MsrptapError listen_failed; nothing is bound then that was not before
   */
  async prepare(listeners: readonly ListenAt[], inherited?: InheritedSockets): Promise<Prepared> {
    const keys = listenerKeys(listeners);
    const opened = new Map<string, ListeningSocket>();
    const discard = (): void => {
      for (const socket of opened.values()) socket.close();
    };
    const opening = listeners.map(async (at, index): Promise<void> => {
      const key = keys[index] ?? '';
      if (!this.#sockets.has(key)) opened.set(key, await ListeningSocket.open(at, null, inherited));
    });
    try {
      await allOf(opening);
    } catch (error) {
      discard();
      throw error;
    }
    return { use: () => this.#use(keys, opened), discard };
  }

  /** Its listening sockets, for a process that takes them over. */
  get open(): readonly OpenSocket[] {
    return [...this.#sockets.values()].flatMap(({ open }) => open);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
  }

  #use(keys: readonly string[], opened: ReadonlyMap<string, ListeningSocket>): void {
    const sockets = new Map<string, ListeningSocket>();
    for (const key of keys) {
      const socket = opened.get(key) ?? this.#sockets.get(key);
      if (socket !== undefined) sockets.set(key, socket);
    }
    for (const [key, socket] of this.#sockets) if (!sockets.has(key)) socket.close();
    this.#sockets = sockets;
    for (const [key, socket] of opened) socket.give(takerOf(key, socket, this.#owner));
  }
}

function takerOf(key: string, { address }: ListeningSocket, owner: AcceptorOwner): Taker {
  const fail = (near: Endpoint, far: Endpoint, reason: Reason, detail: string): void =>
    owner.onFailure(key, { near, far, reason, detail, at: nowMicros() });
  return {
    onAccept: (socket) => {
      // It is not read here, but whatever is told of it must not end this process.
      socket.on('error', () => {});
      const { refusal, source } = owner.admit(key, socket);
      if (refusal === null) {
        owner.onConnection(key, socket, source);
        return;
      }
      const near = socket.localAddress === undefined ? address : endpoint(socket.localAddress, socket.localPort);
      const far = endpoint(socket.remoteAddress, socket.remotePort);
      socket.resetAndDestroy();
      fail(near, far, refusal, '');
    },
    onError: (error) => fail(address, UNSPECIFIED, reasonOfSystemError(error) ?? 'socket_error', messageOf(error)),
  };
}
