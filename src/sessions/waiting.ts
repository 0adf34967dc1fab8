import type { Direction } from '../events.js';
import type { Session } from './session.js';

/** Milliseconds that a request waits for its response until its session is called stalled. */
export const STALL_MS = 5_000;

/** Requests that wait for their responses, as the transaction layer knows them. */
export interface OpenRequests {
  /** @param visit told of each: whose it is, and since when its response is due, in milliseconds of performance.now() */
  visit(visit: (session: Session, direction: Direction, since: number) => void): void;
}

/** What waits in one session. */
export interface Waiting {
  up: number;
  down: number;
  isStalled: boolean;
}

/** What waits at this moment, by session. */
export function waitingNow(requests: OpenRequests | null): ReadonlyMap<Session, Waiting> {
  const due = performance.now() - STALL_MS;
  const all = new Map<Session, Waiting>();
  requests?.visit((session, direction, since) => {
    const waiting = all.get(session) ?? { up: 0, down: 0, isStalled: false };
    waiting[direction] += 1;
    if (since <= due) waiting.isStalled = true;
    all.set(session, waiting);
  });
  return all;
}

/** Notices requests that have waited too long, each once, when it is asked to look. */
export class StallFinder {
  readonly #requests: OpenRequests;
  #lookedUpTo: number;

  constructor(requests: OpenRequests) {
    this.#requests = requests;
    this.#lookedUpTo = performance.now() - STALL_MS;
  }

  look(onStalled: (session: Session, direction: Direction) => void): void {
    const from = this.#lookedUpTo;
    const due = performance.now() - STALL_MS;
    this.#lookedUpTo = due;
    this.#requests.visit((session, direction, since) => {
      if (since > from && since <= due) onStalled(session, direction);
    });
  }
}
