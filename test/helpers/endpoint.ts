/** MSRP's neighbours over real sockets: a client, and a next hop. Whatever a test starts here ends with it. */
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TlsOptions, type ConnectionOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import { formatEndpoint, plainIp, type Endpoint } from '#src/lib/address.js';

/** How the far side ended a connection: with a FIN, with a RST. */
export type End = 'fin' | 'rst';

interface Waiting {
  readonly octets: number;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** One end of a connection. */
export class Peer {
  readonly socket: Socket;
  /** `ip:port` of this end, as packets name it. */
  readonly address: string;
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

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = formatEndpoint({ ip: plainIp(socket.localAddress ?? ''), port: socket.localPort ?? 0 });
    socket.setNoDelay(true);
    this.end = new Promise((resolve) => {
      socket.on('end', () => resolve('fin'));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        this.error ??= error;
        if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve('rst');
      });
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes) => this.#take(bytes));
    socket.once('close', () => this.#waiting?.reject(this.error ?? new Error('closed')));
    onTestFinished(() => void socket.destroy());
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

  /** The next `octets` octets. @throws when the connection closes before they have come */
  receive(octets: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { octets, resolve, reject };
      this.#serve();
      if (this.#waiting !== null && this.socket.destroyed) reject(this.error ?? new Error('closed'));
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
    this.socket.resetAndDestroy();
  }

  #take(bytes: Buffer): void {
    this.octets += bytes.length;
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

export interface DialOptions {
  /** With them the connection is TLS. */
  readonly tls?: ConnectionOptions;
}

/** Connects; with TLS, the handshake is over then. @throws what the socket says when that does not come to pass */
export async function dial({ ip, port }: Endpoint, { tls }: DialOptions = {}): Promise<Peer> {
  const socket =
    tls === undefined
      ? connect({ host: ip, port, allowHalfOpen: true })
      : // Node's types do not know that tls.connect() hands allowHalfOpen on.
        connectTls({ host: ip, port, ...tls, ...{ allowHalfOpen: true } });
  onTestFinished(() => void socket.destroy());
  await once(socket, tls === undefined ? 'connect' : 'secureConnect');
  return new Peer(socket);
}

/** Where msrptap's connections go to. */
export class NextHop {
  readonly proto: 'msrp' | 'msrps';
  readonly ip: string;
  readonly port: number;
  readonly #server: Server;
  readonly #accepted: Peer[] = [];
  #waiting: ((peer: Peer) => void) | null = null;

  private constructor(proto: 'msrp' | 'msrps', server: Server) {
    this.proto = proto;
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.ip = address;
    this.port = port;
    server.on(proto === 'msrp' ? 'connection' : 'secureConnection', (socket: Socket) => this.#accept(socket));
  }

  /** @param port 0 for a free one; one that was in use, to come back on it */
  static async start({ ip = '127.0.0.1', port = 0, tls }: { ip?: string; port?: number; tls?: TlsOptions } = {}): Promise<NextHop> {
    const server =
      tls === undefined
        ? createServer({ allowHalfOpen: true, pauseOnConnect: true })
        : createTlsServer({ ...tls, ...{ allowHalfOpen: true } });
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)));
    });
    server.listen(port, ip);
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return new NextHop(tls === undefined ? 'msrp' : 'msrps', server);
  }

  /** As `upstream` in a configuration. */
  get url(): string {
    return `${this.proto}:${formatEndpoint(this)}`;
  }

  /** The next connection, in the order in which they came. */
  accept(): Promise<Peer> {
    const peer = this.#accepted.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Listens no more; connections go on. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      resolve();
    });
  }

  #accept(socket: Socket): void {
    const peer = new Peer(socket);
    socket.resume();
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#accepted.push(peer);
    else waiting(peer);
  }
}
