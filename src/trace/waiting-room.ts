/**
 * Packets of one link that cannot be sent yet, for want of the route's answer, the next hop's address or a session, and
 * those behind them: they leave in the order of their times. The bytes they tell of have long gone on.
 */

/** Sends or dismisses its packet and returns true, or returns false: not yet. */
export type Attempt = () => boolean;

/** The bound that all links share, and where packets are counted that it turns away. */
export interface WaitingBudget {
  reserve(octets: number): boolean;
  release(octets: number): void;
  turnedAway(packets: number): void;
}

/** One packet that waits. Every link has some for its first seconds, so they are chained and small. */
export interface Guest {
  /** What it holds in memory. */
  readonly octets: number;
  readonly attempt: Attempt;
  /** Who came next. */
  next: Guest | null;
}

export class WaitingRoom {
  readonly #budget: WaitingBudget;
  #first: Guest | null = null;
  #last: Guest | null = null;

  constructor(budget: WaitingBudget) {
    this.#budget = budget;
  }

  get empty(): boolean {
    return this.#first === null;
  }

  /** @returns whether there was room */
  add(guest: Guest): boolean {
    if (!this.#budget.reserve(guest.octets)) {
      this.#budget.turnedAway(1);
      return false;
    }
    if (this.#last === null) this.#first = guest;
    else this.#last.next = guest;
    this.#last = guest;
    return true;
  }

  /** Sends from the front, up to the first that still has to wait. */
  flush(): void {
    while (this.#first?.attempt() === true) this.#leave(this.#first);
  }

  /** @returns how many left without having been sent */
  discard(): number {
    let count = 0;
    for (; this.#first !== null; count += 1) this.#leave(this.#first);
    return count;
  }

  #leave({ octets, next }: Guest): void {
    this.#budget.release(octets);
    this.#first = next;
    if (next === null) this.#last = null;
  }
}
