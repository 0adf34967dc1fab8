/**
 * The last few texts that were learnt, by key; the oldest is forgotten. The first one stands in two fields: nearly all
 * links need no more, and a Map takes hundreds of octets.
 */
export class Remembered {
  readonly #limit: number;
  #key: string | null = null;
  #text = '';
  /** All of them, once there is more than one. */
  #many: Map<string, string> | null = null;

  /** @param limit at least 2 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): string | undefined {
    if (this.#many !== null) return this.#many.get(key);
    return this.#key === key ? this.#text : undefined;
  }

  set(key: string, text: string): void {
    if (this.#many === null && (this.#key === null || this.#key === key)) {
      this.#key = key;
      this.#text = text;
      return;
    }
    this.#many ??= this.#spread();
    if (this.#many.size >= this.#limit && !this.#many.has(key)) {
      const oldest = this.#many.keys().next();
      if (oldest.done !== true) this.#many.delete(oldest.value);
    }
    this.#many.set(key, text);
  }

  #spread(): Map<string, string> {
    const many = new Map<string, string>();
    if (this.#key !== null) many.set(this.#key, this.#text);
    this.#key = null;
    this.#text = '';
    return many;
  }
}
