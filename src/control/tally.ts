/**
 * Counts by one label whose values are a closed set. The counts are preallocated numbers: adding to one allocates
 * nothing, and nothing that a peer sends makes another one.
 */
export class Tally<Value extends string> {
  readonly #values: readonly Value[];
  readonly #index: ReadonlyMap<Value, number>;
  readonly #counts: Float64Array;
  /** What was added last, and its index: mostly it is the next one too. */
  #last: Value | null = null;
  #lastIndex = 0;

  constructor(values: readonly Value[]) {
    this.#values = values;
    this.#index = new Map(values.map((value, index) => [value, index]));
    this.#counts = new Float64Array(values.length);
  }

  add(value: Value, amount = 1): void {
    if (value !== this.#last) {
      const index = this.#index.get(value);
      if (index === undefined) return;
      this.#last = value;
      this.#lastIndex = index;
    }
    this.#counts[this.#lastIndex]! += amount;
  }

  /** How much was added to it. */
  of(value: Value): number {
    return this.#counts[this.#index.get(value) ?? -1] ?? 0;
  }

  *[Symbol.iterator](): Generator<[Value, number]> {
    for (const [index, value] of this.#values.entries()) yield [value, this.#counts[index] ?? 0];
  }
}
