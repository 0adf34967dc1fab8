/** Milliseconds between two looks: what holds the loop up for longer is always seen, and fifty looks a second cost nothing. */
const INTERVAL = 20;

/** How late the event loop is: what waits in it, a read as well as a timer, waits that long. */
export class LoopLag {
  readonly #timer: NodeJS.Timeout;
  /** In milliseconds of performance.now(). */
  #due = performance.now() + INTERVAL;

  /** @param onLook told at each look, in seconds; a timer may be a millisecond late by itself */
  constructor(onLook: (lag: number) => void) {
    this.#timer = setInterval(() => {
      const now = performance.now();
      onLook(Math.max(0, now - this.#due) / 1_000);
      this.#due = now + INTERVAL;
    }, INTERVAL);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
