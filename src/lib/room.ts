/** How many of something there may be at a time, over all links. */
export class Room {
  readonly #most: () => number;
  #used = 0;

  /** @param most as many as there may be now */
  constructor(most: () => number) {
    this.#most = most;
  }

  get used(): number {
    return this.#used;
  }

  /** @returns whether there is room for one more, which is taken then */
  take(): boolean {
    if (this.#used >= this.#most()) return false;
    this.#used += 1;
    return true;
  }

  give(count: number): void {
    this.#used -= count;
  }
}
