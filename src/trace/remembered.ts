/**
 * The last few things that were learnt, by key; the oldest is forgotten. The first one stands in two fields: nearly all
 * links need no more, and a Map takes hundreds of octets.
 */
export class Remembered<Value = string> {
  readonly #limit: number;
  #key: string | null = null;
  #value: Value | undefined;
  /** All of them, once there is more than one. */
  #many: Map<string, Value> | null = null;

  /** @param limit at least 2 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    if (this.#many !== null) return this.#many.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  set(key: string, value: Value): void {
    if (this.#many === null && (this.#key === null || this.#key === key)) {
      this.#key = key;
      this.#value = value;
      return;
    }
    this.#many ??= this.#spread();
    if (this.#many.size >= this.#limit && !this.#many.has(key)) {
      const oldest = this.#many.keys().next();
      if (oldest.done !== true) this.#many.delete(oldest.value);
    }
    this.#many.set(key, value);
  }

  #spread(): Map<string, Value> {
    const many = new Map<string, Value>();
    if (this.#key !== null && this.#value !== undefined) many.set(this.#key, this.#value);
    this.#key = null;
    this.#value = undefined;
    return many;
  }
}
