/**
 * Packets of one link that cannot be sent yet: for want of the route's answer, the next hop's address or a session.
 * The bytes they tell of have long gone on.
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
  #guests: Guest[] = [];

  constructor(budget: WaitingBudget) {
    this.#budget = budget;
  }

  get empty(): boolean {
    return this.#guests.length === 0;
  }

  /** @param octets what the waiting packet holds in memory */
  add(octets: number, attempt: Attempt): void {
    if (this.#budget.reserve(octets)) this.#guests.push({ octets, attempt });
    else this.#budget.turnedAway(1);
  }

  /** Lets everybody try again, in order. */
  flush(): void {
    if (this.empty) return;
    this.#guests = this.#guests.filter(({ octets, attempt }) => {
      const done = attempt();
      if (done) this.#budget.release(octets);
      return !done;
    });
  }

  /** @returns how many left without having been sent */
  discard(): number {
    const count = this.#guests.length;
    for (const { octets } of this.#guests) this.#budget.release(octets);
    this.#guests = [];
    return count;
  }
}
