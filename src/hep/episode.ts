/** A state that shows only in its events, such as dropping: told when it begins, and when it has been quiet for a while. */
export class Episode {
  readonly #quiet: number;
  readonly #ended: (count: number) => void;
  #count = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param quiet ms without an event after which the episode is over */
  constructor(quiet: number, ended: (count: number) => void) {
    this.#quiet = quiet;
    this.#ended = ended;
  }

  /** Returns true when this begins an episode. */
  add(count: number): boolean {
    this.#count += count;
    if (this.#timer !== null) {
      this.#timer.refresh();
      return false;
    }
    // To say that it is over is no reason to keep the process alive.
    this.#timer = setTimeout(() => this.end(), this.#quiet).unref();
    return true;
  }

  /** Ends the episode now, if there is one. */
  end(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    const count = this.#count;
    this.#count = 0;
    this.#ended(count);
  }
}
