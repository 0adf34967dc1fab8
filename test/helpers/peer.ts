import type { Socket } from 'node:net';
import { endpoint, formatEndpoint } from '#src/lib/address.js';

/** How the far side ended a connection: with a FIN, with a RST. */
export type End = 'fin' | 'rst';

interface Waiting {
  readonly octets: number;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

interface Stream {
  readonly take: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** One end of a connection. */
export class Peer {
  /** Where its bytes are read and written: TLS, or `raw` itself. */
  readonly socket: Socket;
  /** The TCP socket. */
  readonly raw: Socket;
  /** `ip:port` of this end, as packets name it. */
  readonly address: string;
  /** The other end. */
  readonly remote: string;
  /** How the far side ended it. */
  readonly end: Promise<End>;
  /** Resolves when the connection is gone altogether. */
  readonly closed: Promise<void>;
  /** The error that ended it. */
  error: NodeJS.ErrnoException | null = null;
  /** Octets received so far, those taken included. */
  octets = 0;
  #bytes: Buffer[] = [];
  #length = 0;
  #waiting: Waiting | null = null;
  #stream: Stream | null = null;

  constructor(raw: Socket, socket: Socket = raw) {
    this.raw = raw;
    this.socket = socket;
    this.address = formatEndpoint(endpoint(raw.localAddress, raw.localPort));
    this.remote = formatEndpoint(endpoint(raw.remoteAddress, raw.remotePort));
    raw.setNoDelay(true);
    this.end = new Promise((resolve) => {
      socket.on('end', () => {
        // Node may take a RST right behind data for an end; a write is told the truth.
        if (socket.writable) socket.write('');
        setImmediate(() => resolve('fin'));
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        this.error ??= error;
        if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve('rst');
      });
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes) => this.#take(bytes));
    const noMore = (): void => {
      const error = this.error ?? new Error('ended');
      this.#waiting?.reject(error);
      this.#stream?.reject(error);
    };
    socket.once('end', noMore);
    socket.once('close', noMore);
  }

  send(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Resolves when the kernel took it. */
  sent(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    });
  }

  /** The next `octets` octets. @throws when the connection ends before they have come */
  receive(octets: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { octets, resolve, reject };
      this.#serve();
      if (this.socket.destroyed || this.socket.readableEnded) reject(this.error ?? new Error('ended'));
    });
  }

  /**
   * The next `octets` octets, or all until the end, in the pieces in which they come: nothing is gathered.
   * @throws when the connection ends before they have come
   */
  each(octets: number, take: (bytes: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = octets;
      this.#stream = {
        take: (bytes) => {
          const piece = bytes.subarray(0, left);
          left -= piece.length;
          take(piece);
          if (left > 0) return;
          this.#stream = null;
          if (piece.length < bytes.length) this.#keep(bytes.subarray(piece.length));
          resolve();
        },
        reject,
      };
      if (this.#length > 0) this.#stream.take(this.rest());
    });
  }

  /** What came and was not taken. */
  rest(): Buffer {
    const bytes = Buffer.concat(this.#bytes);
    this.#bytes = [];
    this.#length = 0;
    return bytes;
  }

  /** Sends a FIN. */
  finish(): void {
    this.socket.end();
  }

  /** Sends a RST. */
  reset(): void {
    this.raw.resetAndDestroy();
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.octets += bytes.length;
    if (this.#stream === null) this.#keep(bytes);
    else this.#stream.take(bytes);
  }

  #keep(bytes: Buffer): void {
    this.#bytes.push(bytes);
    this.#length += bytes.length;
    this.#serve();
  }

  #serve(): void {
    if (this.#waiting === null || this.#length < this.#waiting.octets) return;
    const { octets, resolve } = this.#waiting;
    this.#waiting = null;
    const all = this.rest();
    if (all.length > octets) {
      this.#bytes = [all.subarray(octets)];
      this.#length = all.length - octets;
    }
    resolve(all.subarray(0, octets));
  }
}
