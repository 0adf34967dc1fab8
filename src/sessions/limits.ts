import { Room } from '../lib/room.js';
import type { Unwatched } from './kinds.js';

/** How many there may be, over all links. */
export interface SessionLimits {
  readonly sessions: number;
  /** Messages under way in several chunks. */
  readonly transfers: number;
  /** Messages whose arrival is to be reported. */
  readonly deliveries: number;
}

/** What bounds the memory of all sessions. What finds no room is not watched, and counted. */
export class Limits {
  readonly sessions: Room;
  readonly transfers: Room;
  readonly deliveries: Room;
  readonly #onUnwatched: (what: Unwatched) => void;

  /** @param limits those that hold now */
  constructor(limits: () => SessionLimits, onUnwatched: (what: Unwatched) => void) {
    this.sessions = new Room(() => limits().sessions);
    this.transfers = new Room(() => limits().transfers);
    this.deliveries = new Room(() => limits().deliveries);
    this.#onUnwatched = onUnwatched;
  }

  unwatched(what: Unwatched): void {
    this.#onUnwatched(what);
  }
}
