import { createHash } from 'node:crypto';

/**
 * How many links may stand at one time that began with the same request, octet by octet. Proxies that are pointed at each
 * other send it round and round, each round on a new connection. A client that comes again after it lost a connection may
 * well repeat itself, but not this often while all the others still stand.
 */
export const MAX_REPEATED = 8;

/** The first requests of links that stand. */
export class RepeatedRequests {
  readonly #counts = new Map<string, number>();

  /**
   * @param head start-line and headers
   * @returns what takes it out again, when the link has ended; null: it is one too many
   */
  add(head: Buffer): (() => void) | null {
    const key = createHash('sha256').update(head).digest('base64');
    const count = this.#counts.get(key) ?? 0;
    if (count >= MAX_REPEATED) return null;
    this.#counts.set(key, count + 1);
    return () => {
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }
}
