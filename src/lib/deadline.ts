/**
 * Milliseconds by which a timer may be late before the event loop is taken to have stood still: more than a busy turn,
 * less than any timeout that is worth the name.
 */
const STALL_MS = 20;

/**
 * A time limit for something that takes several turns of the event loop, as a TLS handshake. Time in which the loop stood
 * still does not count: nobody could answer then. And since timers fire before the data that had arrived meanwhile is
 * delivered, one more turn decides.
 */
export class Deadline {
  readonly #onPassed: () => void;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  /** @param ms milliseconds */
  constructor(ms: number, onPassed: () => void) {
    this.#onPassed = onPassed;
    this.#wait(ms);
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #wait(ms: number): void {
    const due = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const late = performance.now() - due;
      if (late > STALL_MS) this.#wait(late);
      else this.#immediate = setImmediate(this.#onPassed);
    }, ms);
  }
}
