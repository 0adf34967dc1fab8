/** The first octets of a message that arrives in several reads: copied, for the reads' buffers are not kept. */
const FIRST_SIZE = 2_048;

export class Capture {
  #octets: Buffer = Buffer.allocUnsafe(FIRST_SIZE);
  #length = 0;

  /** Those captured so far. */
  get octets(): Buffer {
    return this.#octets.subarray(0, this.#length);
  }

  /** Adds `buffer[start, end)`, as far as `limit` octets in all allow. */
  add(buffer: Buffer, start: number, end: number, limit: number): void {
    const length = Math.min(this.#length + end - start, Math.max(limit, this.#length));
    if (length > this.#octets.length) {
      const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(length, 2 * this.#octets.length)));
      this.#octets.copy(larger, 0, 0, this.#length);
      this.#octets = larger;
    }
    this.#length += buffer.copy(this.#octets, this.#length, start, start + length - this.#length);
  }
}
