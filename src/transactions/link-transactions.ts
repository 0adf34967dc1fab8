import type { Direction, LinkObserver, Piece, Read } from '../events.js';
import { nowMicros } from '../lib/clock.js';
import { PROTOCOL } from '../msrp/grammar.js';
import type { Message } from '../msrp/message.js';
import { lookAt, wordsOf, type Words } from '../msrp/words.js';
import { ARRIVING, Requests } from './requests.js';
import type { Owners, Transactions, Visit } from './transactions.js';

/**
 * Open transactions that are watched on one link, both ways together: a sender that does not wait has this many chunks of
 * 10 KiB under way on a path of 100 Mbit/s and 400 ms. What a response is compared with is bounded by it, too.
 */
export const MAX_OPEN_ON_LINK = 512;

/** Any word of capital letters is a method [RFC 4975 §9], and it is kept. */
const MAX_METHOD = 32;

/** The transactions of one link: requests of each direction, answered by responses of the other. */
export class LinkTransactions<Owner> implements LinkObserver {
  readonly #all: Transactions<Owner>;
  readonly #everybody: LinkObserver;
  readonly #owners: Owners<Owner> | null;
  readonly #up = new Requests<Owner>();
  readonly #down = new Requests<Owner>();
  #isWatched = false;

  constructor(all: Transactions<Owner>, everybody: LinkObserver, owners: Owners<Owner> | null) {
    this.#all = all;
    this.#everybody = everybody;
    this.#owners = owners;
  }

  /** Since when the response is due that has been so longest, in milliseconds of performance.now(). */
  get oldestSince(): number {
    return Math.min(oldestSince(this.#up), oldestSince(this.#down));
  }

  read({ direction, buffer, pieces, parseError }: Read): void {
    const isUp = direction === 'up';
    const sent = isUp ? this.#up : this.#down;
    const awaiting = isUp ? this.#down : this.#up;
    const words = lookAt(buffer);
    // Looked up once a read, and only for one that has to do with transactions.
    let now = 0;
    for (const piece of pieces) {
      const { message } = piece;
      if (!message.headComplete) continue;
      if (message.kind === 'request') {
        if (now === 0) now = performance.now();
        this.#request(sent, piece, words, now, direction);
      } else if (message.complete && awaiting.open > 0) {
        if (now === 0) now = performance.now();
        this.#response(awaiting, piece, words, now);
      }
    }
    if (parseError !== null) {
      awaiting.isBlind = true;
      this.#all.room.give(awaiting.clear());
    }
  }

  connected(): void {}

  connectFailed(): void {}

  transactionTimedOut(): void {}

  closed(): void {}

  /** What is open then is no matter of time: the end of the link tells why no response came. */
  ended(): void {
    this.#up.isBlind = true;
    this.#down.isBlind = true;
    this.#all.room.give(this.#up.clear() + this.#down.clear());
    this.#all.unwatch(this);
  }

  /**
   * Tells of those whose time began at `due` or before, `most` of them at most.
   * @param now like `due`, milliseconds of performance.now()
   * @returns how many
   */
  expire(due: number, now: number, most: number): number {
    const count = this.#expire('up', this.#up, due, now, most);
    return count + this.#expire('down', this.#down, due, now, most - count);
  }

  /** Tells of those whose time runs and that belong to something. */
  visit(visit: Visit<Owner>): void {
    this.#up.visit((owner, since) => visit(owner, 'up', since));
    this.#down.visit((owner, since) => visit(owner, 'down', since));
  }

  /** @returns whether nothing is open, and nothing kept for it any more */
  rest(): boolean {
    if (this.#up.open + this.#down.open > 0) return false;
    this.#up.clear();
    this.#down.clear();
    this.#isWatched = false;
    return true;
  }

  #expire(direction: Direction, requests: Requests<Owner>, due: number, now: number, most: number): number {
    let count = 0;
    for (; count < most && oldestSince(requests) <= due; count += 1) {
      const slot = requests.oldest;
      const [method, transactionId] = [requests.method(slot), requests.transactionId(slot)];
      const age = now - requests.since(slot);
      requests.remove(slot);
      this.#all.room.give(1);
      this.#everybody.transactionTimedOut({ direction, method, transactionId, age, at: nowMicros() });
    }
    return count;
  }

  /** @param words of the read */
  #request(sent: Requests<Owner>, piece: Piece, words: Words, now: number, direction: Direction): void {
    const { message } = piece;
    // From its headers on there may be a response, a 413 already before the request's end.
    if (message !== sent.arriving) {
      // The time runs from the last octet of the request [RFC 4975 §7.1.1].
      if (isAnswered(message)) this.#open(sent, piece, words, message.complete ? now : ARRIVING, direction);
      if (!message.complete) sent.arriving = message;
    } else if (message.complete) {
      sent.arrived(now);
    }
  }

  #open(sent: Requests<Owner>, piece: Piece, words: Words, since: number, direction: Direction): void {
    if (sent.isBlind) return;
    if (this.#up.open + this.#down.open >= MAX_OPEN_ON_LINK || !this.#all.room.take()) {
      this.#all.witness.unwatched();
      return;
    }
    const { message } = piece;
    const owner = this.#owners === null ? null : this.#owners.ownerOf(message, direction);
    const method = shortened(message.method);
    if (beginsHere(piece))
      sent.add(words, piece.start + PROTOCOL.length, message.transactionIdLength, method, since, owner);
    else sent.add(wordsOf(message.head), PROTOCOL.length, message.transactionIdLength, method, since, owner);
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#all.watch(this);
  }

  /** One that answers nothing is let pass: its request was not watched, or had been given up. @param words of the read */
  #response(awaiting: Requests<Owner>, piece: Piece, words: Words, now: number): void {
    const { message } = piece;
    const slot = beginsHere(piece)
      ? awaiting.find(words, piece.start + PROTOCOL.length, message.transactionIdLength)
      : awaiting.find(wordsOf(message.head), PROTOCOL.length, message.transactionIdLength);
    if (slot === -1) return;
    const since = awaiting.since(slot);
    const method = awaiting.method(slot);
    awaiting.remove(slot);
    this.#all.room.give(1);
    this.#all.witness.answered(method, since === ARRIVING ? 0 : (now - since) / 1_000);
  }
}

/** Whether the beginning of the message is in the read too. */
function beginsHere({ message, start, end }: Piece): boolean {
  return message.length === end - start;
}

/**
 * Whether a response is due: not to a REPORT [RFC 4975 §7.1.2], and with a Failure-Report of `no` none at all, of
 * `partial` only one that tells of a failure [RFC 4975 §7.2], so that silence is none.
 */
function isAnswered(request: Message): boolean {
  return request.failureReport === 'yes' && request.method !== 'REPORT';
}

/** One that is arriving is the youngest, and its time does not run. */
function oldestSince(requests: Requests<unknown>): number {
  const { oldest } = requests;
  if (oldest === -1) return Infinity;
  const since = requests.since(oldest);
  return since === ARRIVING ? Infinity : since;
}

function shortened(method: string): string {
  // A copy: as a part of the whole it would keep that in memory.
  return method.length <= MAX_METHOD ? method : Buffer.from(method.slice(0, MAX_METHOD)).toString();
}
