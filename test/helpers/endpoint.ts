/** MSRP's neighbours over real sockets: a client, and a next hop. Whatever a test starts here ends with it. */
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type ConnectionOptions, type TLSSocketOptions } from 'node:tls';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished } from 'vitest';
import { formatEndpoint, type Endpoint } from '#src/lib/address.js';
import { freePort } from './free-port.js';
import { Peer } from './peer.js';

export type { End, Peer } from './peer.js';

/**
 * Connects; with `tls`, the handshake is over then.
 * @throws what the socket says when that does not come to pass
 */
export async function dial({ ip, port }: Endpoint, tls?: ConnectionOptions): Promise<Peer> {
  const raw = connect({ host: ip, port, allowHalfOpen: true });
  onTestFinished(() => void raw.destroy());
  await once(raw, 'connect');
  if (tls === undefined) return new Peer(raw);
  raw.on('error', () => {});
  const stream = connectTls({ ...tls, socket: raw, host: ip });
  onTestFinished(() => void stream.destroy());
  await once(stream, 'secureConnect');
  stream.allowHalfOpen = true;
  return new Peer(raw, stream);
}

/** Connects, and is reset: maybe before it knows that it is connected. @returns the error's code */
export async function dialReset({ ip, port }: Endpoint): Promise<unknown> {
  const socket = connect({ host: ip, port });
  onTestFinished(() => void socket.destroy());
  const [error] = (await once(socket.resume(), 'close').catch((thrown: unknown) => [thrown])) as unknown[];
  return error instanceof Error && 'code' in error ? error.code : null;
}

export interface NextHopOptions {
  readonly ip?: string;
  /** 0 for a free one; one that was in use, to come back on it. */
  readonly port?: number;
  /** With it, connections are TLS. */
  readonly tls?: TLSSocketOptions;
  /** Handshakes wait for it. */
  readonly until?: Promise<unknown>;
}

/** Where msrptap's connections go to. */
export class NextHop {
  readonly proto: 'msrp' | 'msrps';
  readonly ip: string;
  readonly port: number;
  readonly #server: Server;
  readonly #tls: TLSSocketOptions | undefined;
  readonly #until: Promise<unknown>;
  readonly #sockets = new Set<Socket>();
  readonly #accepted: Peer[] = [];
  readonly #waiting: ((peer: Peer) => void)[] = [];

  private constructor(server: Server, { tls, until = Promise.resolve() }: NextHopOptions) {
    this.proto = tls === undefined ? 'msrp' : 'msrps';
    this.#server = server;
    this.#tls = tls;
    this.#until = until;
    const { address, port } = server.address() as AddressInfo;
    this.ip = address;
    this.port = port;
    server.on('connection', (raw: Socket) => void this.#accept(raw));
  }

  static async start(options: NextHopOptions = {}): Promise<NextHop> {
    const { ip = '127.0.0.1' } = options;
    // Who is configured with it may try to connect when it has been stopped.
    const { port = await freePort(ip) } = options;
    const server = createServer({ allowHalfOpen: true });
    server.listen({ host: ip, port, backlog: 4_096 });
    await once(server, 'listening');
    const nextHop = new NextHop(server, options);
    onTestFinished(() => {
      nextHop.stopListening();
      for (const socket of nextHop.#sockets) socket.destroy();
    });
    return nextHop;
  }

  /** As `upstream` in a configuration. */
  get url(): string {
    return `${this.proto}:${this.address}`;
  }

  /** As packets name it. */
  get address(): string {
    return formatEndpoint(this);
  }

  /** The next connection, in the order in which they came. */
  accept(): Promise<Peer> {
    const peer = this.#accepted.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Connections that came and were not asked for. */
  get unclaimed(): number {
    return this.#accepted.length;
  }

  /** What is connected stays so. */
  stopListening(): void {
    this.#server.close();
  }

  async #accept(raw: Socket): Promise<void> {
    this.#sockets.add(raw);
    raw.on('error', () => {}).once('close', () => this.#sockets.delete(raw));
    if (this.#tls === undefined) {
      this.#offer(new Peer(raw));
      return;
    }
    await this.#until;
    const stream = new TLSSocket(raw, { ...this.#tls, isServer: true });
    stream.on('error', () => {});
    stream.once('secure', () => {
      stream.allowHalfOpen = true;
      this.#offer(new Peer(raw, stream));
    });
  }

  #offer(peer: Peer): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#accepted.push(peer);
    else waiting(peer);
  }
}

/** Sends, and has it arrive unchanged. */
export async function carry(bytes: Buffer, from: Peer, to: Peer): Promise<void> {
  from.send(bytes);
  // Not toEqual(), which takes seconds for a megabyte.
  expect((await to.receive(bytes.length)).equals(bytes), 'arrived unchanged').toBe(true);
}

/** A client of a listener, and the connection that msrptap originates for it. */
export async function linkThrough(
  socket: Endpoint,
  hop: NextHop,
): Promise<{ readonly client: Peer; readonly server: Peer }> {
  const accepted = hop.accept();
  return { client: await dial(socket), server: await accepted };
}

/** A next hop that never answers: it listens, nobody accepts, and its queue is full, so that a SYN is dropped. */
export async function startHanging(): Promise<Endpoint> {
  // Its event loop stands still, so that nothing is accepted.
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = (await once(worker, 'message')) as [number];
  // Linux takes backlog + 1 of them; the others wait, as everybody after them does.
  for (let i = 0; i < 4; i += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    if (i < 2) await once(socket, 'connect');
  }
  return { ip: '127.0.0.1', port };
}
