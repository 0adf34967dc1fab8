/** Addresses that are remembered. The one not heard of for longest goes: who is over his rate is back before a thousand others come. */
const MAX_ADDRESSES = 1_024;

interface Bucket {
  /** How many may come now. */
  tokens: number;
  /** Milliseconds, when they were counted. */
  at: number;
}

/** How many requests or connections each address may still make: so many a second, and a second's worth at once. */
export class SourceRate {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Whether one more is welcome, which it counts. */
  take(address: string): boolean {
    const now = this.#now();
    const bucket = this.#buckets.get(address) ?? { tokens: this.#perSecond, at: now };
    const earned = ((now - bucket.at) * this.#perSecond) / 1_000;
    const tokens = Math.min(this.#perSecond, bucket.tokens + earned);
    const isWelcome = tokens >= 1;
    this.#remember(address, { tokens: isWelcome ? tokens - 1 : tokens, at: now });
    return isWelcome;
  }

  #remember(address: string, bucket: Bucket): void {
    // Behind all others: a Map keeps the order in which keys came.
    this.#buckets.delete(address);
    if (this.#buckets.size >= MAX_ADDRESSES) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    this.#buckets.set(address, bucket);
  }
}
