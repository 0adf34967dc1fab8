import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Endpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import type { Message } from '../msrp/message.js';
import { writeRequest, type RequestParts } from '../msrp/writer.js';
import { newTransactionId, responseTo } from './answers.js';
import { Peer } from './peer.js';

interface Wait {
  readonly matches: (message: Message) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export type Request = Omit<RequestParts, 'transactionId' | 'toPath' | 'fromPath'>;

/** The active side of a session: it has opened the connection [RFC 4975 §5.4]. */
export class Client {
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #paths: Pick<RequestParts, 'toPath' | 'fromPath'>;
  readonly #closed: Promise<void>;
  #waits: Wait[] = [];

  /**
   * @param remote the URI of the other end; through a proxy that is not where the connection goes
   * @param sessionId of this end
   * @param signal destroys the connection, and with it every wait
   */
  static async connect(at: Endpoint, remote: string, sessionId: string, signal: AbortSignal): Promise<Client> {
    signal.throwIfAborted();
    const socket = connect({ host: at.ip, port: at.port });
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    await once(socket, 'connect', { signal });
    return new Client(socket, {
      toPath: remote,
      fromPath: `msrp://${socket.localAddress}:${socket.localPort}/${sessionId};tcp`,
    });
  }

  private constructor(socket: Socket, paths: Pick<RequestParts, 'toPath' | 'fromPath'>) {
    this.#socket = socket;
    this.#paths = paths;
    this.#peer = new Peer(socket, ({ message }) => this.#arrived(message));
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#giveUp();
        resolve();
      });
    });
  }

  /** Sends a request; resolves with its 200. */
  async request(request: Request): Promise<void> {
    const transactionId = newTransactionId();
    const answered = this.#until((message) => message.status === 200 && message.transactionId === transactionId);
    this.#peer.write(writeRequest({ ...request, ...this.#paths, transactionId }));
    await answered;
  }

  /** The next request of this method from the other end, which is answered as due. */
  async arrival(method: string): Promise<void> {
    await this.#until((message) => message.method === method);
  }

  /** Resolves when both directions have ended. */
  async close(): Promise<void> {
    this.#socket.end();
    await this.#closed;
  }

  #arrived(message: Message): void {
    const answer = message.kind === 'request' ? responseTo(message) : null;
    if (answer !== null) this.#peer.write(answer);
    this.#waits = this.#waits.filter(({ matches, resolve }) => {
      if (!matches(message)) return true;
      resolve();
      return false;
    });
  }

  async #until(matches: Wait['matches']): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#socket.closed) reject(gone());
      else this.#waits.push({ matches, resolve, reject });
    });
  }

  #giveUp(): void {
    for (const { reject } of this.#waits) reject(gone());
    this.#waits = [];
  }
}

function gone(): MsrptapError {
  return new MsrptapError('demo_failed', 'the connection was closed before the answer came');
}
