import type { Unwatched } from './kinds.js';
import { Room } from './room.js';

/** Over all links: four for each of 4,000, and some 40 MB at most. */
export const MAX_SESSIONS = 16_384;
/** Messages under way in several chunks, over all links: one for every other session, and some 4 MB. */
export const MAX_TRANSFERS = 8_192;
/** Messages whose arrival is to be reported, over all links: one for each session, and some 3 MB. */
export const MAX_DELIVERIES = 16_384;

/** What bounds the memory of all sessions. What finds no room is not watched, and counted. */
export class Limits {
  readonly sessions = new Room(MAX_SESSIONS);
  readonly transfers = new Room(MAX_TRANSFERS);
  readonly deliveries = new Room(MAX_DELIVERIES);
  readonly #onUnwatched: (what: Unwatched) => void;

  constructor(onUnwatched: (what: Unwatched) => void) {
    this.#onUnwatched = onUnwatched;
  }

  unwatched(what: Unwatched): void {
    this.#onUnwatched(what);
  }
}
