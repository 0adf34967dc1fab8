/** Milliseconds before the first restart; doubled for each further one. */
const FIRST = 100;
const LONGEST = 5_000;
/** A worker that carried traffic for this long did not fail for what ended the one before. */
const SOUND = 10_000;

/** How long a worker that ended stays away: one that ends again and again must not keep a processor busy. */
export class RestartDelay {
  #failures = 0;
  #beganAt = Infinity;

  /** It carries traffic. */
  began(now = performance.now()): void {
    this.#beganAt = now;
  }

  /** It ended. @returns milliseconds */
  next(now = performance.now()): number {
    if (now - this.#beganAt >= SOUND) this.#failures = 0;
    this.#beganAt = Infinity;
    const delay = Math.min(FIRST * 2 ** this.#failures, LONGEST);
    this.#failures += 1;
    return delay;
  }
}
