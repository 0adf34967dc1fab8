/**
 * `max_msg_chunks`: the document drops a connection whose messages arrive in too many reads, as a slow-fragment attack
 * does. Counting reads alone also drops a large file, so what is counted here is how far a message stays behind honest
 * TCP segments: a turn of the event loop that ends inside a message adds 536 (TCP's smallest default segment, RFC 9293
 * §3.7.1) minus the octets that it brought to that message, never going below 0; more than `limit` × 536 is too much.
 */
const SEGMENT = 536;

/** Octets of a segment that timestamps take [RFC 7323 §3.2, RFC 6691 §2]: one that falls short by them is whole. */
const TIMESTAMPS = 12;

export class ChunkBudget {
  readonly #limit: number;
  #deficit = 0;

  /** @param limit max_msg_chunks; 0 switches it off */
  constructor(limit: number) {
    this.#limit = limit === 0 ? Number.POSITIVE_INFINITY : limit * SEGMENT;
  }

  /** Another message has begun. */
  reset(): void {
    this.#deficit = 0;
  }

  /** A turn ended inside a message. @returns false when that was one too many */
  spend(octets: number): boolean {
    const missing = SEGMENT - octets;
    if (missing < 0 || missing > TIMESTAMPS) this.#deficit = Math.max(0, this.#deficit + missing);
    return this.#deficit <= this.#limit;
  }
}
