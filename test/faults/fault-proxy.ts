/** Stands on either side of msrptap, and does to connections what networks and peers do. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { endpoint, type Endpoint } from '#src/lib/address.js';
import { freePort } from '../helpers/free-port.js';

export interface Faults {
  /** Milliseconds before each piece goes on. */
  readonly delay?: number;
  /** Octets of a piece at most; each is a segment of its own. */
  readonly split?: number;
  /** Octets after which nothing is read any more, and nothing is said. */
  readonly stallAfter?: number;
  /** Octets after which both connections are reset. */
  readonly resetAfter?: number;
  /** Octets after which a FIN is sent, as by a sender that ends there. */
  readonly cutAfter?: number;
}

export interface FaultyWay {
  /** What goes towards the next hop. */
  readonly up?: Faults;
  readonly down?: Faults;
}

export class FaultProxy {
  readonly socket: Endpoint;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.socket = endpoint(address, port);
  }

  static async start(to: Endpoint, way: FaultyWay): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    const proxy = new FaultProxy(server);
    server.on('connection', (near: Socket) => proxy.#carry(near, to, way));
    onTestFinished(() => proxy.close());
    return proxy;
  }

  /** As `upstream` in a configuration. */
  get url(): string {
    return `msrp:${this.socket.ip}:${this.socket.port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(near: Socket, to: Endpoint, { up = {}, down = {} }: FaultyWay): void {
    const far = connect({ host: to.ip, port: to.port, allowHalfOpen: true });
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    }
    near.once('close', (failed) => failed && far.resetAndDestroy());
    far.once('close', (failed) => failed && near.resetAndDestroy());
    void pass(near, far, up);
    void pass(far, near, down);
  }
}

/** One direction, until it ends or a fault ends it. */
async function pass(from: Socket, to: Socket, faults: Faults): Promise<void> {
  const { delay = 0, split = Infinity, stallAfter = Infinity, resetAfter = Infinity, cutAfter = Infinity } = faults;
  const most = Math.min(stallAfter, resetAfter, cutAfter);
  let passed = 0;
  try {
    for await (const read of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < read.length;) {
        const piece = read.subarray(at, at + Math.min(split, most - passed));
        if (delay > 0) await new Promise((resolve) => void setTimeout(resolve, delay));
        if (!to.write(piece)) await once(to, 'drain');
        at += piece.length;
        passed += piece.length;
        if (passed < most) continue;
        if (resetAfter === most) {
          from.resetAndDestroy();
          to.resetAndDestroy();
        }
        if (cutAfter === most) to.end();
        // It stalls: the iterator is left where it stands, and nothing is read again.
        await once(from, 'close');
        return;
      }
    }
    to.end();
  } catch {
    // The connection broke, and 'close' has told the other one.
  }
}
