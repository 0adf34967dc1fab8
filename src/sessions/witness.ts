import type { Unwatched } from './kinds.js';

/** Told of what goes one way, over all links, but for what every message has: that is summed up when it is asked for. */
export interface WayWitness {
  report(status: number): void;
  /** @param seconds from the last octet of a message to the REPORT that it has arrived */
  delivery(seconds: number): void;
  /** A request of this direction has waited for its response for STALL_MS. */
  stall(): void;
}

/** Told of what is seen of sessions. */
export interface SessionWitness {
  readonly up: WayWitness;
  readonly down: WayWitness;
  opened(): void;
  /** @param oneSided somebody waited for an answer, and nothing ever came from the other side */
  ended(oneSided: boolean): void;
  unwatched(what: Unwatched): void;
}
