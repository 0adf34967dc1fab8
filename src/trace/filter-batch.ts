import type { Worker } from 'node:worker_threads';
import { continuationFlag } from '../msrp/grammar.js';
import type { MessageQuestion } from './filter-message.js';
import type { ToWorker } from './filter-messages.js';
import type { AnyCall } from './filter-queue.js';
import type { RouteInput } from './filter-route.js';
import type { MirrorRules } from './mirror.js';

/** Numbers of a message: as objects, which name each of their properties, they would take ten times as long to clone. */
const NUMBERS = 8;

/** The calls of one turn of the event loop, which go to the thread as one message. */
export class Batch {
  readonly #calls: (RouteInput | null)[] = [];
  readonly #numbers: number[] = [];
  readonly #octets: Buffer[] = [];
  readonly #addresses = new Map<string, number>();
  readonly #firstId: number;
  #length = 0;
  #rules: MirrorRules | null = null;

  /** @param firstId of the first call; those of the others follow */
  constructor(firstId: number) {
    this.#firstId = firstId;
  }

  get size(): number {
    return this.#calls.length;
  }

  add(call: AnyCall): void {
    if (call.kind === 'route') {
      this.#calls.push(call.question);
    } else {
      this.#calls.push(null);
      this.#addMessage(call.question);
    }
  }

  /** @throws DataCloneError when there is something in it that cannot be cloned */
  post(worker: Worker): void {
    // Memory of their own, which can be given away: as a part of a pool, all of that would be cloned.
    const octets = Buffer.allocUnsafeSlow(this.#length);
    let at = 0;
    for (const each of this.#octets) at += each.copy(octets, at);
    const numbers = new Float64Array(this.#numbers);
    const batch: ToWorker = {
      firstId: this.#firstId,
      calls: this.#calls,
      numbers,
      addresses: [...this.#addresses.keys()],
      rules: this.#rules,
      octets,
    };
    worker.postMessage(batch, [octets.buffer, numbers.buffer]);
  }

  #addMessage({ held, rules, direction, si, sp }: MessageQuestion): void {
    const { octets, length, headLength, endLineLength, flag } = held;
    let address = this.#addresses.get(si);
    if (address === undefined) {
      address = this.#addresses.size;
      this.#addresses.set(si, address);
    }
    const flagOctet = flag === null ? 0 : flag.charCodeAt(0);
    const isUp = direction === 'up' ? 1 : 0;
    this.#numbers.push(octets.length, length, headLength, endLineLength, flagOctet, isUp, address, sp);
    this.#octets.push(octets);
    this.#length += octets.length;
    // Those of the configuration, for all messages.
    this.#rules = rules;
  }
}

/** In the thread: the calls of a batch, in their order. */
export function* received({
  firstId,
  calls,
  ...batch
}: ToWorker): Generator<{ readonly id: number; readonly question: RouteInput | MessageQuestion }> {
  const messages = receivedMessages(batch);
  let id = firstId;
  for (const call of calls) {
    const question = call ?? messages.next().value;
    if (question !== undefined) yield { id, question };
    id = (id + 1) | 0;
  }
}

function* receivedMessages({
  numbers,
  addresses,
  rules,
  octets,
}: Pick<ToWorker, 'numbers' | 'addresses' | 'rules' | 'octets'>): Generator<MessageQuestion, undefined> {
  if (rules === null) return;
  let start = octets.byteOffset;
  for (let at = 0; at < numbers.length; at += NUMBERS) {
    const [size = 0, length = 0, headLength = 0, endLineLength = 0, flag = 0, isUp = 0, address = 0, sp = 0] =
      numbers.subarray(at, at + NUMBERS);
    yield {
      held: {
        octets: Buffer.from(octets.buffer, start, size),
        length,
        headLength,
        endLineLength,
        flag: continuationFlag(flag),
      },
      rules,
      direction: isUp === 1 ? 'up' : 'down',
      si: addresses[address] ?? '',
      sp,
    };
    start += size;
  }
}
