import type { PacketFlow } from './flow.js';

/** Milliseconds between two notes of one session. */
export const NOTE_INTERVAL = 1_000;

/** Sessions that are told of; messages of further ones are only counted, until the next notes are written. */
const MAX_NOTES = 10_000;

/** Messages of a session that were left out. */
export interface LeftOut {
  /** Of the last of them, as is its time: no other packet of the session has it. */
  flow: PacketFlow;
  /** Microseconds since 1970. */
  time: number;
  count: number;
}

export interface ThinningOptions {
  /** Packets in a second, more than 0. */
  readonly rate: number;
  /** Writes a note. */
  readonly tell: (correlationId: string, leftOut: LeftOut) => void;
  /** Milliseconds, as performance.now(). */
  readonly now?: () => number;
}

/**
 * Keeps packets to a rate (hep_max_rate), as a bucket of tokens does that holds those of one second. Messages are left
 * out when it is empty. Events always pass, and notes of what was left out: they take tokens that are not there yet, of one
 * second at most, so messages make room for them.
 */
export class Thinning {
  readonly #rate: number;
  readonly #tell: ThinningOptions['tell'];
  readonly #now: () => number;
  /** By correlation id. */
  readonly #leftOut = new Map<string, LeftOut>();
  #tokens: number;
  #filledAt: number;
  #noteTokens = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor({ rate, tell, now = () => performance.now() }: ThinningOptions) {
    this.#rate = rate;
    this.#tell = tell;
    this.#now = now;
    this.#tokens = this.#capacity;
    this.#filledAt = now();
  }

  /** @returns whether a message may be sent; one that may not is told of later */
  admits(flow: PacketFlow, time: number, correlationId: string): boolean {
    this.#fill();
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return true;
    }
    const known = this.#leftOut.get(correlationId);
    if (known !== undefined) {
      known.flow = flow;
      known.time = time;
      known.count += 1;
    } else if (this.#leftOut.size < MAX_NOTES) {
      this.#leftOut.set(correlationId, { flow, time, count: 1 });
      this.#timer ??= setTimeout(() => this.#wakeUp(), NOTE_INTERVAL).unref();
    }
    return false;
  }

  /** An event is sent: what was left out of its session before is told before it, for it may be the last. */
  event(correlationId: string): void {
    const leftOut = this.#leftOut.get(correlationId);
    if (leftOut !== undefined) this.#note(correlationId, leftOut);
    this.#take();
  }

  /** Tells now what was left out. */
  flush(): void {
    for (const [correlationId, leftOut] of this.#leftOut) this.#note(correlationId, leftOut);
  }

  /** Tells nothing of what was left out so far. */
  discard(): void {
    this.#leftOut.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** A rate below 1 has to let one pass at some time. */
  get #capacity(): number {
    return Math.max(this.#rate, 1);
  }

  /** Of many sessions, those that wait longest, half the packets of a second at most: the others are for messages. */
  #wakeUp(): void {
    this.#timer = null;
    const share = this.#rate / 2;
    this.#noteTokens = Math.min(this.#noteTokens + share, Math.max(share, 1));
    for (const [correlationId, leftOut] of this.#leftOut) {
      if (this.#noteTokens < 1) break;
      this.#noteTokens -= 1;
      this.#note(correlationId, leftOut);
    }
    if (this.#leftOut.size > 0) this.#timer = setTimeout(() => this.#wakeUp(), NOTE_INTERVAL).unref();
  }

  #note(correlationId: string, leftOut: LeftOut): void {
    this.#leftOut.delete(correlationId);
    this.#take();
    this.#tell(correlationId, leftOut);
  }

  #take(): void {
    this.#fill();
    this.#tokens = Math.max(this.#tokens - 1, -this.#capacity);
  }

  #fill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#tokens + ((now - this.#filledAt) / 1_000) * this.#rate, this.#capacity);
    this.#filledAt = now;
  }
}
