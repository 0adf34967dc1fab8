import type { Socket } from 'node:net';
import { type Endpoint, endpoint } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import type { Reason } from '../lib/reasons.js';
import { StallWatch, type Watched } from '../lib/stall-watch.js';
import type { Buffers, Holder } from './buffers.js';
import { Outgoing } from './outgoing.js';
import type { ProxiedAddresses } from './proxy-protocol.js';
import { SlabSocket } from './slab-socket.js';
import { type SocketListener, listenTo } from './socket-events.js';
import { type TlsFacts, reasonOfSocketError } from './tls-facts.js';

export interface ConnectionHandler {
  /** Where the connection `lendsReads`, the buffer is good during the call: the next read, of whichever one, overwrites it. */
  onRead(buffer: Buffer): void;
  /** The far side sent its FIN; nothing more is read. */
  onEnd(): void;
  /** What was written has been taken; more is welcome. */
  onDrain(): void;
  /** The connection broke, or a timeout of its own ended it. */
  onFailure(reason: Reason, detail: string): void;
  /** Nothing more happens on this connection. Always the last call, exactly once. */
  onClosed(): void;
}

export interface ConnectionOptions {
  /** Milliseconds; see design: time without progress while there is something to send. */
  readonly send_timeout: number;
  /** Where what waits is counted. */
  readonly buffers: Buffers;
}

/** TCP keep-alive: the first probe after this much silence. MSRP itself has none that a proxy may send [facts: no bare CRLF]. */
const KEEP_ALIVE_DELAY_MS = 60_000;

const NOTHING = Buffer.alloc(0);

const outgoing = new Outgoing();

/**
 * One TCP connection, with TLS inside or not, whose bytes are MSRP. `raw` is the TCP socket: only it can send a RST;
 * `stream` is where the bytes are read and written (the same, or the TLS socket around it).
 */
export class Connection implements SocketListener, Watched, Holder {
  readonly leg: 'downstream' | 'upstream';
  readonly proto: 'msrp' | 'msrps';
  readonly near: Endpoint;
  /** The socket at the other end; of a client that a PROXY protocol header names, that client's. */
  readonly far: Endpoint;
  /** What the one at the other end dialled: `near`, or what that header says. */
  readonly dialled: Endpoint;
  readonly tls: TlsFacts | null;
  readonly openedAt: number = nowMicros();
  bytesIn = 0;
  bytesOut = 0;
  messagesIn = 0;
  messagesOut = 0;
  readonly #raw: Socket;
  readonly #stream: Socket;
  readonly #options: ConnectionOptions;
  /** Made with the first write that waits: most connections have none. */
  #sendWatch: StallWatch | null = null;
  #handler: ConnectionHandler | null = null;
  #firstToClose: 'far' | 'near' | null = null;
  /** The far side's end was seen; what kind of end it is will be known in this turn. */
  #endIsDue = false;
  #closed = false;

  constructor(
    leg: 'downstream' | 'upstream',
    raw: Socket,
    stream: Socket,
    tls: TlsFacts | null,
    options: ConnectionOptions,
    proxied: ProxiedAddresses | null = null,
  ) {
    this.leg = leg;
    this.proto = tls === null ? 'msrp' : 'msrps';
    this.near = endpoint(raw.localAddress, raw.localPort);
    this.far = proxied?.source ?? endpoint(raw.remoteAddress, raw.remotePort);
    this.dialled = proxied?.destination ?? this.near;
    this.tls = tls;
    this.#raw = raw;
    this.#stream = stream;
    this.#options = options;
    raw.setNoDelay(true);
    raw.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  }

  /** The TCP socket at the other end, whomever it speaks for; unspecified once it is gone. */
  get source(): Endpoint {
    return endpoint(this.#raw.remoteAddress, this.#raw.remotePort);
  }

  /** Who sent the first FIN or RST; null while neither did. */
  get firstToClose(): 'far' | 'near' | null {
    return this.#firstToClose;
  }

  /** What is read stands in a place that all such connections share. */
  get lendsReads(): boolean {
    return this.#stream instanceof SlabSocket;
  }

  /** Octets written here that the kernel has not taken yet. */
  get backlog(): number {
    return this.#stream.writableLength;
  }

  /** Begins to read; from here on the handler is told everything. */
  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    const stream = this.#stream;
    const take = (buffer: Buffer): void => {
      this.bytesIn += buffer.length;
      handler.onRead(buffer);
    };
    if (stream instanceof SlabSocket) stream.onBytes(take);
    else stream.on('data', take);
    listenTo(stream, this);
    // Between the handshake and here the stream may already have ended.
    if (stream.destroyed) setImmediate(() => this.#missedClose());
    else stream.resume();
  }

  /**
   * @param isLent the buffer is good during the call alone: what the kernel does not take at once is copied
   * @returns false when the reading side should pause until onDrain
   */
  write(buffer: Buffer, isLent: boolean): boolean {
    const stream = this.#stream;
    if (!this.#takesBytes) return true;
    this.bytesOut += buffer.length;
    if (isLent) outgoing.write(stream, buffer);
    else stream.write(buffer);
    const waiting = stream.writableLength;
    if (waiting === 0) return true;
    const { send_timeout, buffers } = this.#options;
    this.#sendWatch ??= new StallWatch(send_timeout, this);
    this.#sendWatch.arm();
    return buffers.hold(this, waiting);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Sends what is still to be sent, then a FIN. */
  end(): void {
    if (this.#takesBytes) this.#stream.end();
  }

  /** Ends at once with a RST: the peer must not take a cut for an answer. */
  reset(): void {
    const stream = this.#stream;
    if (!this.#raw.destroyed) {
      this.#firstToClose ??= 'near';
      // libuv refuses a RST while a shutdown is under way, and Node then neither closes the descriptor nor tells of a
      // close. All bytes have been taken by then, and the FIN is the truth.
      const finUnderWay = stream.writableEnded && !stream.writableFinished && stream.writableLength === 0;
      if (finUnderWay) this.#raw.destroy();
      else this.#raw.resetAndDestroy();
    }
    // Not at once: within the callback that ends a handshake OpenSSL is still at work, and would go on in memory that is
    // freed with the TLS socket (Node 20 to 24: a segmentation fault).
    if (stream !== this.#raw) setImmediate(() => stream.destroy());
  }

  socketFinished(): void {
    this.#firstToClose ??= 'near';
  }

  socketDrained(): void {
    this.#options.buffers.release(this);
    this.released();
  }

  released(): void {
    this.#handler?.onDrain();
  }

  socketBroke(error: NodeJS.ErrnoException): void {
    if (this.#closed) return;
    const reason = reasonOfSocketError(error);
    if (reason === 'reset') this.#firstToClose ??= 'far';
    this.#handler?.onFailure(reason, error.message);
  }

  socketClosed(): void {
    if (this.#closed) return;
    this.#tellEnd();
    this.#closed = true;
    this.#sendWatch?.disarm();
    this.#options.buffers.release(this);
    this.#handler?.onClosed();
  }

  /**
   * libuv takes a RST that stands right behind data for an end of the stream. A write, be it an empty one, is told the
   * truth, in this turn; one that waits already is told it too. With our own FIN sent there is no asking.
   */
  socketEnded(): void {
    this.#firstToClose ??= 'far';
    const stream = this.#stream;
    if (!stream.writableEnded && stream.writableLength === 0) {
      // Below TLS, whose empty write keeps errors to itself.
      this.#raw.write(NOTHING, (error) => {
        if (error) stream.destroy(error);
      });
    }
    this.#endIsDue = true;
    setImmediate(() => this.#tellEnd());
  }

  #tellEnd(): void {
    if (!this.#endIsDue) return;
    this.#endIsDue = false;
    if (this.#stream.errored === null) this.#handler?.onEnd();
  }

  #missedClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#firstToClose ??= 'far';
    this.#handler?.onFailure('reset', 'closed before it was read');
    this.#handler?.onClosed();
  }

  get #takesBytes(): boolean {
    return !this.#raw.destroyed && !this.#stream.destroyed && !this.#stream.writableEnded;
  }

  /** A figure that moves whenever the kernel took bytes, or null when there is nothing to send. */
  progress(): number | null {
    const waiting = this.#stream.writableLength;
    if (waiting === 0 || this.#stream.destroyed) return null;
    // A write counts as waiting until the kernel has taken the whole of it, so a reader of a few KB a second would
    // seem to stand still; the handle knows the part that was taken.
    const handle = (this.#raw as Socket & { _handle?: { writeQueueSize?: number } | null })._handle;
    return this.bytesOut - waiting - (handle?.writeQueueSize ?? 0);
  }

  stalled(): void {
    this.#handler?.onFailure('send_timeout', `no byte taken for ${this.#options.send_timeout} ms`);
  }
}
