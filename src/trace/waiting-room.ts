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

interface Guest {
  readonly octets: number;
  readonly attempt: Attempt;
}

export class WaitingRoom {
  readonly #budget: WaitingBudget;
  /** null: nobody waits, as nearly always. */
  #guests: Guest[] | null = null;
  /** Index of the first who has not left. */
  #front = 0;

  constructor(budget: WaitingBudget) {
    this.#budget = budget;
  }

  get empty(): boolean {
    return this.#guests === null;
  }

  /** @param octets what the waiting packet holds in memory */
  add(octets: number, attempt: Attempt): void {
    if (this.#budget.reserve(octets)) (this.#guests ??= []).push({ octets, attempt });
    else this.#budget.turnedAway(1);
  }

  /** Sends from the front, up to the first that still has to wait. */
  flush(): void {
    const guests = this.#guests;
    if (guests === null) return;
    while (this.#front < guests.length && guests[this.#front]?.attempt() === true) {
      this.#budget.release(guests[this.#front]?.octets ?? 0);
      this.#front += 1;
    }
    if (this.#front === guests.length) this.#guests = null;
    // Those that left are let go of when they are the most.
    else if (this.#front * 2 > guests.length) guests.splice(0, this.#front);
    else return;
    this.#front = 0;
  }

  /** @returns how many left without having been sent */
  discard(): number {
    const left = this.#guests?.slice(this.#front) ?? [];
    for (const { octets } of left) this.#budget.release(octets);
    this.#guests = null;
    this.#front = 0;
    return left.length;
  }
}
