/** Holds most header sections as they are. */
const FIRST_CAPACITY = 512;

const NOTHING = Buffer.alloc(0);

/**
 * The octets of a header section that comes in several reads. It doubles when it is full, so that a section that drips
 * in octet by octet is copied a constant number of times. The parser bounds what is appended.
 */
export class SplitHead {
  #octets = NOTHING;
  #length = 0;

  append(read: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#octets.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, 2 * length));
      this.#octets.copy(grown, 0, 0, this.#length);
      this.#octets = grown;
    }
    read.copy(this.#octets, this.#length, start, end);
    this.#length = length;
  }

  /** Gives the first `length` octets away, and is empty again. */
  take(length: number): Buffer {
    const head = this.#octets.subarray(0, length);
    this.#octets = NOTHING;
    this.#length = 0;
    return head;
  }
}
