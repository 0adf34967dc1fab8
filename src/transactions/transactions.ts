import type { Direction, Layer, LinkFacts, LinkObserver } from '../events.js';
import type { Room } from '../lib/room.js';
import type { Message } from '../msrp/message.js';
import { LinkTransactions } from './link-transactions.js';

/** Told in one turn of the event loop; the others wait for the next, so that a silent next hop stalls nothing. */
const MAX_TOLD_A_TURN = 256;

/** Milliseconds that a timeout may be late, so that many of them take one look at all links. */
const GRAIN = 100;

/** Told of every transaction. The method is as it is written. */
export interface TransactionWitness {
  /** @param seconds from the last octet of the request to the last of the response; 0 when that came sooner */
  answered(method: string, seconds: number): void;
  /** There are too many open ones to watch this one too. */
  unwatched(): void;
}

/** Says what the requests of a link belong to; that is kept with each for as long as it is open. */
export interface Owners<Owner> {
  ownerOf(request: Message, direction: Direction): Owner;
}

/** @param since when its response became due, in milliseconds of performance.now() */
export type Visit<Owner> = (owner: Owner, direction: Direction, since: number) => void;

/**
 * The transaction layer. It looks on: matches the responses that pass with the requests that went the other way before
 * them, and tells everybody who observes the link of requests that get none. It sends nothing, and holds nothing up.
 *
 * One timer does for all. All transactions have the same time, so that on each link the oldest is due first; a message
 * opens and closes its own without a thought of timers.
 */
export class Transactions<Owner = never> implements Layer {
  readonly witness: TransactionWitness;
  readonly room: Room;
  readonly #timeout: number;
  readonly #ownersOn: (link: LinkFacts) => Owners<Owner> | null;
  /** Links that have open ones, or had when they were looked at last. */
  readonly #watched = new Set<LinkTransactions<Owner>>();
  /** null: nothing is watched. */
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param timeout milliseconds from the last octet of a request until its response is missed
   * @param room for how many may be watched, over all links; layers that share it share the limit
   * @param ownersOn asked for each link when it begins; default: requests belong to nothing
   */
  constructor(
    timeout: number,
    room: Room,
    witness: TransactionWitness,
    ownersOn: (link: LinkFacts) => Owners<Owner> | null = () => null,
  ) {
    this.#timeout = timeout;
    this.#ownersOn = ownersOn;
    this.witness = witness;
    this.room = room;
  }

  over(everybody: LinkObserver, link: LinkFacts): LinkObserver {
    return new LinkTransactions(this, everybody, this.#ownersOn(link));
  }

  /** Tells of all that wait for their responses at this moment and belong to something. */
  visit(visit: Visit<Owner>): void {
    for (const link of this.#watched) link.visit(visit);
  }

  /** It has an open one now. */
  watch(link: LinkTransactions<Owner>): void {
    this.#watched.add(link);
    if (this.#timer === null) this.#wait(this.#timeout);
  }

  unwatch(link: LinkTransactions<Owner>): void {
    this.#watched.delete(link);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#onTimer(), ms);
    // Nobody waits for an answer once all connections are gone.
    this.#timer.unref();
  }

  #onTimer(): void {
    const due = performance.now() - this.#timeout;
    // Timers come before the data that has arrived meanwhile: the response may be among it.
    setImmediate(() => this.#look(due));
  }

  /** @param due those whose time began later are not due yet */
  #look(due: number): void {
    const now = performance.now();
    let left = MAX_TOLD_A_TURN;
    let oldest = Infinity;
    for (const link of this.#watched) {
      left -= link.expire(due, now, left);
      if (left === 0) {
        setImmediate(() => this.#look(due));
        return;
      }
      if (link.rest()) this.#watched.delete(link);
      else oldest = Math.min(oldest, link.oldestSince);
    }
    this.#timer = null;
    const wait = Math.max(GRAIN, oldest + this.#timeout - now);
    if (this.#watched.size > 0) this.#wait(Math.min(wait, this.#timeout));
  }
}
