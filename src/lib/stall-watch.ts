/**
 * Tells when a figure that ought to move has not moved for a time: bytes taken by a slow reader (send_timeout), bytes
 * read on a quiet link (idle_timeout). The figure is looked at a few times within the timeout instead of resetting a timer
 * on every byte, so a busy connection pays nothing; the verdict falls between `timeout` and 1.25 × `timeout` after
 * the last progress.
 */
const LOOKS = 4;

/** Whoever has something that ought to move. One may have several watches: each call says which it is for. */
export interface Watched {
  /** A figure that changes with progress; null: there is nothing to watch any more (the watch stops until armed again). */
  progress(watch: StallWatch): number | null;
  stalled(watch: StallWatch): void;
}

export class StallWatch {
  readonly #timeout: number;
  readonly #watched: Watched;
  #round: Round | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #last = 0;
  /** Looks that saw no progress since the one that did; -1 until the first, which comes at any time within a LOOKS-th. */
  #still = -1;

  /** @param timeout milliseconds; 0 never tells */
  constructor(timeout: number, watched: Watched) {
    this.#timeout = timeout;
    this.#watched = watched;
  }

  /** Begins to watch; does nothing when it watches already. */
  arm(): void {
    if (this.#round !== null || this.#timeout === 0) return;
    this.#last = this.#watched.progress(this) ?? 0;
    this.#still = -1;
    this.#round = Round.join(this.#timeout, this);
  }

  disarm(): void {
    this.#round?.leave(this);
    this.#round = null;
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
  }

  /** It is time for a look. */
  look(): void {
    if (this.#immediate !== null || !this.#stoodStill()) return;
    this.#still += 1;
    if (this.#still < LOOKS) return;
    // After a stall of the event loop timers fire before the data that had arrived meanwhile is delivered: one more turn
    // of the loop decides.
    this.#immediate = setImmediate(() => {
      this.#immediate = null;
      if (!this.#stoodStill()) return;
      this.disarm();
      this.#watched.stalled(this);
    });
  }

  #stoodStill(): boolean {
    const figure = this.#watched.progress(this);
    if (figure === null) {
      this.disarm();
      return false;
    }
    if (figure === this.#last) return true;
    this.#last = figure;
    this.#still = 0;
    return false;
  }
}

/** All watches of one timeout look in the same round: thousands of quiet links need no timer of their own. */
class Round {
  static readonly #all = new Map<number, Round>();

  static join(timeout: number, watch: StallWatch): Round {
    let round = Round.#all.get(timeout);
    if (round === undefined) {
      round = new Round(timeout);
      Round.#all.set(timeout, round);
    }
    round.#watches.add(watch);
    return round;
  }

  readonly #timeout: number;
  readonly #watches = new Set<StallWatch>();
  readonly #timer: NodeJS.Timeout;

  constructor(timeout: number) {
    this.#timeout = timeout;
    this.#timer = setTimeout(() => this.#look(), Math.max(1, Math.ceil(timeout / LOOKS)));
  }

  leave(watch: StallWatch): void {
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return;
    clearTimeout(this.#timer);
    Round.#all.delete(this.#timeout);
  }

  #look(): void {
    for (const watch of this.#watches) watch.look();
    if (this.#watches.size > 0) this.#timer.refresh();
  }
}
