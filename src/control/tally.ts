/**
 * Counts by one label whose values are a closed set. The counts are preallocated numbers: adding to one allocates
 * nothing, and nothing that a peer sends makes another one.
 */
export class Tally<Value extends string> {
  readonly #values: readonly Value[];
  readonly #index: ReadonlyMap<Value, number>;
  readonly #counts: Float64Array;

  constructor(values: readonly Value[]) {
    this.#values = values;
    this.#index = new Map(values.map((value, index) => [value, index]));
    this.#counts = new Float64Array(values.length);
  }

  add(value: Value, amount = 1): void {
    const index = this.#index.get(value);
    if (index !== undefined) this.#counts[index]! += amount;
  }

  *[Symbol.iterator](): Generator<[Value, number]> {
    for (const [index, value] of this.#values.entries()) yield [value, this.#counts[index] ?? 0];
  }
}
