// @ts-check
/** Random numbers that come again with their seed, so that a case that was found can be found again. Mulberry32. */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. @param {number} below */
  below(below) {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  /** @template T @param {readonly T[]} items at least one @returns {T} */
  oneOf(items) {
    return /** @type {T} */ (items[this.below(items.length)]);
  }
}
