import type { LookupFunction, Socket } from 'node:net';
import { endpoint, isSameSocket, type Endpoint } from '../lib/address.js';
import { StallWatch } from '../lib/stall-watch.js';
import { dial, secure } from './dial.js';
import { KEEP_ALIVE_PACKET } from './format.js';
import { HandedOver } from './handed-over.js';
import type { Batch } from './queue.js';
import type { Timing } from './timing.js';
import { reasonOf, type DestinationConfig } from './transport.js';

/**
 * No more is written while so much stands in node's socket: little enough to lose little with a connection, enough for
 * one turn of the event loop on a fast network.
 */
const SOCKET_BYTES = 256 * 1024;

export interface ConnectionEvents {
  opened(address: Endpoint): void;
  progress(): void;
  ended(end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  readonly reason: string;
  /** ms for which the connection stood; null when it never did. */
  readonly lived: number | null;
  /** Packets that were written and may not have reached the receiver. */
  readonly maybe: number;
}

/** One connection to a receiver over TCP or TLS, from the attempt to the end. Nothing of it goes on to the next one. */
export class TcpConnection {
  readonly #raw: Socket;
  /** Where packets are written: TLS around the TCP socket, or that itself. */
  #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #timing: Timing;
  readonly #handedOver = new HandedOver();
  readonly #stall: StallWatch;
  /** Writes that the kernel has taken. */
  #taken = 0;
  readonly #written = (): void => {
    this.#taken += 1;
    this.#events.progress();
  };
  #timer: NodeJS.Timeout;
  #openedAt: number | null = null;
  #reason: string | null = null;
  #isClosing = false;
  #sawEnd = false;

  constructor(config: DestinationConfig, lookup: LookupFunction, timing: Timing, events: ConnectionEvents) {
    this.#events = events;
    this.#timing = timing;
    this.#raw = dial(config, lookup);
    this.#socket = this.#raw;
    this.#stall = new StallWatch(timing.stall, {
      progress: () => (this.#socket.writableLength === 0 ? null : this.#taken),
      stalled: () => this.#end(`the receiver took nothing for ${timing.stall} ms`),
    });
    this.#timer = setTimeout(() => {
      this.#end(`no connection within ${timing.connectTimeout} ms`);
    }, timing.connectTimeout);
    this.#raw.on('error', (error) => (this.#reason ??= reasonOf(error)));
    this.#raw.once('connect', () => this.#connected(config));
    this.#raw.once('close', () => this.#closed());
  }

  get ready(): boolean {
    return this.connected && this.#socket.writable && this.#socket.writableLength < SOCKET_BYTES;
  }

  /** It was opened; stays true until `ended` has told what was lost with it. */
  get connected(): boolean {
    return this.#openedAt !== null;
  }

  get idle(): boolean {
    return this.#socket.destroyed || this.#socket.writableLength === 0;
  }

  /** @returns whether the socket holds the bytes: the kernel has not taken all of them at once */
  write({ bytes, packets }: Batch): boolean {
    this.#handedOver.add(bytes.length, packets);
    this.#timer.refresh();
    this.#socket.write(bytes, this.#written);
    const isHeld = this.#socket.writableLength > 0;
    if (isHeld) this.#stall.arm();
    return isHeld;
  }

  /** Ends it cleanly, or after closeTimeout anyhow. */
  close(): void {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    if (!this.connected) {
      this.#end('closed');
      return;
    }
    this.#timer = setTimeout(() => this.#end('closed'), this.#timing.closeTimeout);
    this.#socket.end();
  }

  #connected(config: DestinationConfig): void {
    const { localAddress, localPort, remoteAddress, remotePort } = this.#raw;
    if (isSameSocket(endpoint(localAddress, localPort), endpoint(remoteAddress, remotePort))) {
      this.#end('nobody listens there: the connection led to its own socket');
      return;
    }
    if (config.transport === 'tls') {
      try {
        this.#socket = secure(config, this.#raw);
      } catch (error) {
        this.#end(reasonOf(error));
        return;
      }
      this.#socket.on('error', (error) => this.#end(reasonOf(error)));
      this.#socket.once('secureConnect', () => this.#opened());
    } else {
      this.#opened();
    }
    // HEP has no answers: what a receiver sends is read, so that its FIN is seen, and thrown away.
    this.#socket.resume();
    this.#socket.once('end', () => {
      this.#sawEnd = true;
      this.#end('closed by the receiver');
    });
  }

  #opened(): void {
    clearTimeout(this.#timer);
    this.#openedAt = performance.now();
    // Does not keep the process alive, as it would for ever; each write puts it off.
    this.#timer = setInterval(() => this.#keepAlive(), this.#timing.keepAlive).unref();
    this.#events.opened(endpoint(this.#raw.remoteAddress, this.#raw.remotePort));
  }

  #keepAlive(): void {
    if (this.ready && this.#socket.writableLength === 0) this.#socket.write(KEEP_ALIVE_PACKET);
  }

  #end(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
    this.#raw.destroy();
  }

  #closed(): void {
    clearTimeout(this.#timer);
    this.#stall.disarm();
    this.#socket.destroy();
    // The receiver closed after our FIN, so it has read what came before.
    const isClean = this.#isClosing && this.#sawEnd && this.#socket.writableFinished;
    this.#events.ended({
      reason: this.#reason ?? 'closed',
      lived: this.#openedAt === null ? null : performance.now() - this.#openedAt,
      maybe: isClean ? 0 : this.#handedOver.packets,
    });
  }
}
