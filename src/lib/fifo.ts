/** Places that have been left are given back when there are so many, and as many as are still taken. */
const MIN_LEFT = 64;

/** First in, first out. Unlike an array's, its cost for an item does not grow with the items that wait behind it. */
export class Fifo<Item extends object> {
  #items: (Item | null)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The oldest; null when it is empty. */
  get first(): Item | null {
    return this.#items[this.#head] ?? null;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Puts items before all others. */
  unshift(items: readonly Item[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }

  /** Takes the oldest; null when it is empty. */
  shift(): Item | null {
    const item = this.first;
    if (item === null) return null;
    this.#items[this.#head] = null;
    this.#head += 1;
    if (this.#head >= MIN_LEFT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes all, oldest first. */
  clear(): Item[] {
    const items: Item[] = [];
    for (let item = this.shift(); item !== null; item = this.shift()) items.push(item);
    return items;
  }
}
