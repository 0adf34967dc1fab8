/** Exponential back-off with full jitter: many senders that lost one receiver do not come back at once. */
export class Backoff {
  readonly #min: number;
  readonly #max: number;
  readonly #random: () => number;
  #ceiling: number;

  /** @param min the first ceiling, and @param max the last, in ms */
  constructor(min: number, max: number, random: () => number = Math.random) {
    this.#min = min;
    this.#max = max;
    this.#random = random;
    this.#ceiling = min;
  }

  /** The ms to wait now: anything up to a ceiling that doubles each time. */
  next(): number {
    const ceiling = this.#ceiling;
    this.#ceiling = Math.min(this.#max, ceiling * 2);
    return Math.round(this.#random() * ceiling);
  }

  reset(): void {
    this.#ceiling = this.#min;
  }
}
