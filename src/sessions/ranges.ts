/** Pieces that are told apart: chunks come in order, and what is lost between them comes to a gap or two. */
const MAX_PIECES = 16;

/** Which octets of a message were seen: from 1 on, both ends included. */
export class Ranges {
  /** Start and end of each piece, ascending; no two touch. */
  #bounds: number[] = [];

  /** Whether nothing of `1-total` is missing. */
  covers(total: number): boolean {
    const [start = 0, end = 0] = this.#bounds;
    return total === 0 || (start === 1 && end >= total);
  }

  /** How many octets. */
  get octets(): number {
    let sum = 0;
    for (let i = 0; i < this.#bounds.length; i += 2) sum += this.#bounds[i + 1]! - this.#bounds[i]! + 1;
    return sum;
  }

  /** The last one; 0 when there is none. */
  get last(): number {
    return this.#bounds.at(-1) ?? 0;
  }

  /** @returns whether some of them had been seen before */
  add(start: number, end: number): boolean {
    if (end < start) return false;
    const bounds = this.#bounds;
    const { last } = this;
    if (start > last) {
      if (start === last + 1 && bounds.length > 0) bounds[bounds.length - 1] = end;
      else this.#append(start, end);
      return false;
    }
    return this.#insert(start, end);
  }

  /** As `1-2048,4097-6144`. */
  toString(): string {
    const pieces: string[] = [];
    for (let i = 0; i < this.#bounds.length; i += 2) pieces.push(`${this.#bounds[i]}-${this.#bounds[i + 1]}`);
    return pieces.join(',');
  }

  #append(start: number, end: number): void {
    // With too many, the last two are one: a gap is forgotten, and the earlier ones are not.
    if (this.#bounds.length === 2 * MAX_PIECES) this.#bounds[this.#bounds.length - 1] = end;
    else this.#bounds.push(start, end);
  }

  #insert(start: number, end: number): boolean {
    const old = this.#bounds;
    this.#bounds = [];
    let overlaps = false;
    let [from, to] = [start, end];
    let isPlaced = false;
    for (let i = 0; i < old.length; i += 2) {
      const [left, right] = [old[i]!, old[i + 1]!];
      if (right + 1 < from) {
        this.#append(left, right);
      } else if (left > to + 1) {
        if (!isPlaced) this.#append(from, to);
        isPlaced = true;
        this.#append(left, right);
      } else {
        if (left <= end && right >= start) overlaps = true;
        [from, to] = [Math.min(from, left), Math.max(to, right)];
      }
    }
    if (!isPlaced) this.#append(from, to);
    return overlaps;
  }
}
