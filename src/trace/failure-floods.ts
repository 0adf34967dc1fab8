import type { Reason } from '../lib/reasons.js';
import type { EventPayload } from './event-payload.js';

/** Milliseconds in which failures are counted together. */
const WINDOW_MS = 1_000;

/** What failed, as `Event` and `Reason` say. */
export type FailureKind = `${EventPayload['Event']} ${Reason}`;

/** @param count how many failures it tells of */
export type TellCount = (count: number) => void;

interface Window {
  /** Each has been told of by events of its own. */
  told: number;
  leftOut: number;
  /** Tells of those that were left out, in the words of the last of them. */
  tell: TellCount;
}

/**
 * Keeps a flood of failures from becoming a flood of packets: of each kind the first ones of a second are told one by one, the
 * rest as a count at its end. While a flood goes on it is that count alone, once a second. Kinds are a closed set, and one
 * timer does for all.
 */
export class FailureFloods {
  readonly #most: () => number;
  readonly #windows = new Map<FailureKind, Window>();
  #leftOut = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param most events of a kind in a second, now */
  constructor(most: () => number) {
    this.#most = most;
  }

  /** How many were not told one by one, since the start. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /**
   * One more has failed.
   * @param tell called at the end of the second if this is the last that was left out
   * @returns whether it is told by events of its own
   */
  admit(kind: FailureKind, tell: TellCount): boolean {
    const window = this.#windows.get(kind) ?? this.#open(kind, tell);
    if (window.told < this.#most()) {
      window.told += 1;
      return true;
    }
    window.leftOut += 1;
    window.tell = tell;
    this.#leftOut += 1;
    return false;
  }

  /** Tells now what was left out. */
  flush(): void {
    const windows = [...this.#windows.values()];
    this.clear();
    for (const { leftOut, tell } of windows) if (leftOut > 0) tell(leftOut);
  }

  /** Tells nothing of what was left out. */
  clear(): void {
    this.#windows.clear();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #open(kind: FailureKind, tell: TellCount): Window {
    const window: Window = { told: 0, leftOut: 0, tell };
    this.#windows.set(kind, window);
    this.#timer ??= setInterval(() => this.#endSecond(), WINDOW_MS).unref();
    return window;
  }

  #endSecond(): void {
    for (const [kind, window] of this.#windows) {
      const { leftOut, tell } = window;
      // As many as may be told in a second: it goes on.
      if (leftOut >= this.#most()) window.leftOut = 0;
      else this.#windows.delete(kind);
      if (leftOut > 0) tell(leftOut);
    }
    if (this.#windows.size === 0) this.clear();
  }
}
