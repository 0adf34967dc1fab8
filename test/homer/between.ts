import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { freePort } from '../helpers/free-port.js';

/** A TCP proxy on the way to a receiver, which may reset what goes through it. */
export class Between {
  readonly port: number;
  readonly #sockets = new Set<Socket>();
  #isResetting = false;

  private constructor(server: Server, to: number) {
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near: Socket) => this.#carry(near, to));
  }

  /** @param to a port of 127.0.0.1 */
  static async start(to: number): Promise<Between> {
    const server = createServer().listen(await freePort(), '127.0.0.1');
    await once(server, 'listening');
    const between = new Between(server, to);
    onTestFinished(() => {
      server.close();
      between.reset();
    });
    return between;
  }

  /** From now on whatever comes is reset, and what stands is. */
  reset(): void {
    this.#isResetting = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  carryOn(): void {
    this.#isResetting = false;
  }

  #carry(near: Socket, to: number): void {
    near.on('error', () => {});
    if (this.#isResetting) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(to, '127.0.0.1').on('error', () => near.resetAndDestroy());
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  }
}
