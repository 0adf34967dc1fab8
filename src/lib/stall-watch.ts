/**
 * Tells when a figure that ought to move has not moved for a time: bytes taken by a slow reader (send_timeout), bytes
 * read on a quiet link (idle_timeout). The figure is looked at a few times within the timeout instead of resetting a timer
 * on every byte, so a busy connection pays nothing; the verdict falls between `timeout` and 1.25 × `timeout` after
 * the last progress.
 */
const LOOKS = 4;

export class StallWatch {
  readonly #timeout: number;
  readonly #figure: () => number | null;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #last = 0;
  #still = 0;

  /**
   * @param timeout milliseconds; 0 never tells
   * @param figure changes with progress; null: there is nothing to watch any more (the watch stops until armed again)
   */
  constructor(timeout: number, figure: () => number | null, onStall: () => void) {
    this.#timeout = timeout;
    this.#figure = figure;
    this.#onStall = onStall;
  }

  /** Begins to watch; does nothing when it watches already. */
  arm(): void {
    if (this.#timer !== null || this.#timeout === 0) return;
    this.#last = this.#figure() ?? 0;
    this.#still = 0;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(this.#timeout / LOOKS)));
  }

  disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #look(): void {
    if (!this.#stoodStill()) return;
    this.#still += 1;
    if (this.#still < LOOKS) {
      this.#timer?.refresh();
      return;
    }
    // After a stall of the event loop timers fire before the data that had arrived meanwhile is delivered: one more turn
    // of the loop decides.
    this.#immediate = setImmediate(() => {
      this.#immediate = null;
      if (!this.#stoodStill()) return;
      this.disarm();
      this.#onStall();
    });
  }

  #stoodStill(): boolean {
    const figure = this.#figure();
    if (figure === null) {
      this.disarm();
      return false;
    }
    if (figure === this.#last) return true;
    this.#last = figure;
    this.#still = 0;
    this.#timer?.refresh();
    return false;
  }
}
