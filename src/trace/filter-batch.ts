import type { Worker } from 'node:worker_threads';
import type { MessageQuestion } from './filter-message.js';
import type { PostedCall, PostedMessage, ToWorker } from './filter-messages.js';
import type { AnyCall } from './filter-queue.js';

/** The calls of one turn of the event loop, which go to the thread as one message. */
export class Batch {
  readonly #calls: PostedCall[] = [];
  readonly #octets: Buffer[] = [];
  #length = 0;

  get size(): number {
    return this.#calls.length;
  }

  add(id: number, call: AnyCall): void {
    if (call.kind === 'route') this.#calls.push({ kind: 'route', id, input: call.question });
    else this.#calls.push({ kind: 'message', id, message: this.#posted(call.question) });
  }

  /** @throws DataCloneError when there is something in it that cannot be cloned */
  post(worker: Worker): void {
    // Memory of its own, which can be given away: as a part of a pool, all of that would be cloned.
    const octets = Buffer.allocUnsafeSlow(this.#length);
    let at = 0;
    for (const each of this.#octets) at += each.copy(octets, at);
    const batch: ToWorker = { calls: this.#calls, octets };
    worker.postMessage(batch, [octets.buffer]);
  }

  #posted({ held, rules, direction, si, sp }: MessageQuestion): PostedMessage {
    const { octets, ...rest } = held;
    const start = this.#length;
    this.#octets.push(octets);
    this.#length += octets.length;
    return { held: rest, rules, direction, si, sp, start, end: this.#length };
  }
}

/** The question, in the thread. */
export function received({ start, end, held, ...rest }: PostedMessage, octets: Uint8Array): MessageQuestion {
  return { ...rest, held: { ...held, octets: Buffer.from(octets.buffer, octets.byteOffset + start, end - start) } };
}
