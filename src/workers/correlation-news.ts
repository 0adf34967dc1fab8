/** Tells the workers which SIP calls sessions belong to, as it becomes known: without answers, and without a queue that could grow. */
import type { Correlations, CorrelationTime } from '../trace/correlations.js';

/** What goes into one message. */
const MESSAGE_SIZE = 1_000;

/** Messages that may wait for room in a worker's channel. With more it hangs: when they have gone, it is told all anew. */
const MAX_WAITING = 8;

/** Of a worker, what this needs. */
export interface Told {
  readonly isOver: boolean;
  /** @param sent called when the channel has taken them, or never will */
  tellCorrelations(correlations: readonly CorrelationTime[], sent: () => void): void;
}

export class CorrelationNews {
  readonly #all: Correlations;
  readonly #readers = new Set<Reader>();
  #news: CorrelationTime[] = [];
  #flushing: NodeJS.Immediate | null = null;

  constructor(all: Correlations) {
    this.#all = all;
  }

  /** It is told all that is known, and from now on what is new. */
  join(worker: Told): void {
    const reader = new Reader(worker, this.#all);
    this.#readers.add(reader);
    reader.catchUp();
  }

  /** Told at the end of this turn, with what else comes in it. */
  add(news: CorrelationTime): void {
    this.#news.push(news);
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    if (this.#flushing !== null) clearImmediate(this.#flushing);
    this.#flushing = null;
    const news = this.#news;
    this.#news = [];
    if (news.length === 0) return;
    for (const reader of this.#readers) {
      if (reader.isOver) this.#readers.delete(reader);
      else reader.tell(news);
    }
  }
}

/** One worker. */
class Reader {
  readonly #worker: Told;
  readonly #all: Correlations;
  #waiting = 0;
  /** What it has not been told yet of all that is known, news included: they come up in it. null: it knows all. */
  #missing: Iterator<CorrelationTime> | null = null;
  /** News were kept from it. */
  #isBehind = false;

  constructor(worker: Told, all: Correlations) {
    this.#worker = worker;
    this.#all = all;
  }

  get isOver(): boolean {
    return this.#worker.isOver;
  }

  tell(news: readonly CorrelationTime[]): void {
    if (this.#missing !== null) return;
    if (this.#waiting >= MAX_WAITING) this.#isBehind = true;
    else this.#send(news);
  }

  catchUp(): void {
    this.#isBehind = false;
    this.#missing = this.#all.times();
    this.#sendMissing();
  }

  #sendMissing(): void {
    if (this.#missing === null) return;
    const part: CorrelationTime[] = [];
    while (part.length < MESSAGE_SIZE) {
      const next = this.#missing.next();
      if (next.done === true) {
        this.#missing = null;
        break;
      }
      part.push(next.value);
    }
    if (part.length > 0) this.#send(part);
  }

  #send(correlations: readonly CorrelationTime[]): void {
    this.#waiting += 1;
    this.#worker.tellCorrelations(correlations, () => {
      this.#waiting -= 1;
      if (this.#missing !== null) this.#sendMissing();
      else if (this.#isBehind && this.#waiting === 0) this.catchUp();
    });
  }
}
