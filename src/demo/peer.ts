import type { Socket } from 'node:net';
import type { Message } from '../msrp/message.js';
import { Parser } from '../msrp/parser.js';

/** Octets of a message that are kept: far more than a chat, and little enough to hold for every connection. */
const MAX_KEPT = 65_536;

/** A complete message, valid during the call that brings it. */
export interface Incoming {
  readonly message: Message;
  /** null when it is longer than what is kept. */
  readonly body: Buffer | null;
}

/**
 * One end of an MSRP connection. What it reads must be MSRP, else the connection is destroyed; and who does not take what
 * it is sent is not listened to until it has.
 */
export class Peer {
  readonly #socket: Socket;
  readonly #parser = new Parser();
  readonly #onMessage: (incoming: Incoming) => void;
  /** What is kept of the message that is being received. */
  #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor(socket: Socket, onMessage: (incoming: Incoming) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    socket.setNoDelay(true);
    // The close that follows says all there is to say.
    socket.on('error', () => {});
    socket.on('drain', () => socket.resume());
    socket.on('data', (bytes) => this.#read(bytes));
  }

  write(message: Buffer): void {
    if (!this.#socket.writable) return;
    if (!this.#socket.write(message)) this.#socket.pause();
  }

  #read(bytes: Buffer): void {
    this.#parser.parse(bytes);
    for (const { message, start, end } of this.#parser.pieces) {
      this.#keep(bytes.subarray(start, end));
      if (message.complete) this.#complete(message);
    }
    this.#parser.settle();
    if (this.#parser.error !== null) this.#socket.destroy();
  }

  #keep(piece: Buffer): void {
    const wanted = Math.min(piece.length, MAX_KEPT - this.#keptBytes);
    if (wanted === 0) return;
    this.#kept.push(Buffer.from(piece.subarray(0, wanted)));
    this.#keptBytes += wanted;
  }

  #complete(message: Message): void {
    const whole = Buffer.concat(this.#kept, this.#keptBytes);
    this.#kept = [];
    this.#keptBytes = 0;
    const end = message.headLength + message.bodyLength;
    this.#onMessage({ message, body: end > whole.length ? null : whole.subarray(message.headLength, end) });
  }
}
