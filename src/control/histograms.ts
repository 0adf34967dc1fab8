/** What one value of the label has: how many amounts are up to each bound, how many there are, and what they come to. */
export interface Distribution {
  readonly upTo: readonly (readonly [bound: number, count: number])[];
  readonly count: number;
  readonly sum: number;
}

/**
 * Histograms by one label whose values are a closed set, as Tally has counts: preallocated numbers, so that an amount is
 * added without anything being made.
 */
export class Histograms<Value extends string> {
  readonly #values: readonly Value[];
  readonly #bounds: readonly number[];
  /** For each value, how many amounts are up to a bound and over the one before; then those over all. */
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;

  /** @param bounds ascending */
  constructor(values: readonly Value[], bounds: readonly number[]) {
    this.#values = values;
    this.#bounds = bounds;
    this.#counts = new Float64Array(values.length * (bounds.length + 1));
    this.#sums = new Float64Array(values.length);
  }

  add(value: Value, amount: number): void {
    // It nearly always is the first.
    const index = value === this.#values[0] ? 0 : this.#values.indexOf(value);
    if (index === -1) return;
    const bounds = this.#bounds;
    let bound = 0;
    while (bound < bounds.length && amount > bounds[bound]!) bound++;
    this.#counts[index * (bounds.length + 1) + bound]! += 1;
    this.#sums[index]! += amount;
  }

  *[Symbol.iterator](): Generator<[Value, Distribution]> {
    for (const [index, value] of this.#values.entries()) {
      const start = index * (this.#bounds.length + 1);
      let count = 0;
      const upTo = this.#bounds.map((bound, i) => [bound, (count += this.#counts[start + i]!)] as const);
      count += this.#counts[start + this.#bounds.length]!;
      yield [value, { upTo, count, sum: this.#sums[index]! }];
    }
  }
}
