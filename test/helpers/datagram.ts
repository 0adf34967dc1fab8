/** A caller of mi_datagram. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';

export class DatagramCaller {
  readonly #to: Endpoint;
  readonly #socket: Socket;

  private constructor(to: Endpoint, socket: Socket) {
    this.#to = to;
    this.#socket = socket;
  }

  static async start(to: Endpoint): Promise<DatagramCaller> {
    const socket = createSocket(to.ip.includes(':') ? 'udp6' : 'udp4');
    onTestFinished(() => void socket.close());
    socket.bind(0, to.ip);
    await once(socket, 'listening');
    return new DatagramCaller(to, socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(request: string | Uint8Array): void {
    this.#socket.send(request, this.#to.port, this.#to.ip);
  }

  /** The next datagram that comes. */
  async next(): Promise<string> {
    const [reply] = (await once(this.#socket, 'message')) as [Buffer];
    return reply.toString('utf8');
  }

  async call(request: string | Uint8Array): Promise<string> {
    const reply = this.next();
    this.send(request);
    return reply;
  }

  /** What came of a request that is not answered: '' when what comes first is the reply to one behind it. */
  async unanswered(request: string | Uint8Array): Promise<string> {
    const first = this.next();
    this.send(request);
    this.send('{"jsonrpc":"2.0","id":"behind","method":"uptime"}');
    const reply = await first;
    return reply.endsWith('"id":"behind"}') ? '' : reply;
  }
}
