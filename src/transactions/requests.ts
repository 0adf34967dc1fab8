import { TRANSACTION_ID_MAX } from '../msrp/grammar.js';
import type { Message } from '../msrp/message.js';
import { WORD, type Words } from '../msrp/words.js';

/** Words of a slot: the length of a transaction-id, and its octets; the last word ends where they end. */
const ID_SLOT = 1 + TRANSACTION_ID_MAX / WORD;

/** In place of the time since which a response is due: the request is still arriving. */
export const ARRIVING = 0;
/** The slot is free, but stands between others that are not. */
const OVER = -1;

/** Before there is one. No integer, so that the engine makes room for numbers of any kind at once. */
const NO_TIME = Number.NaN;

/** Nothing is ever added to them. */
const NO_NUMBERS: number[] = [];
const NO_METHODS: string[] = [];
const NO_OWNERS: never[] = [];

/**
 * The requests of one direction that await their responses: a ring, in the order in which they came. Responses mostly
 * come in that order too, so they are compared with the oldest first, and nothing has to be made or looked up for a
 * message. Several may have the same transaction-id: peers use one again, above all for the request that binds a session.
 *
 * Its slots are plain arrays: a typed one takes 200 octets for itself, which would be most of what a link holds here.
 *
 * A slot is good until the next call that changes something.
 */
export class Requests<Owner> {
  /** The request that has not arrived as a whole, once its headers have. */
  arriving: Message | null = null;
  /** Responses to them are not seen any more. */
  isBlind = false;
  #open = 0;
  #ids = NO_NUMBERS;
  /** In milliseconds of performance.now(). */
  #since = NO_NUMBERS;
  #methods = NO_METHODS;
  #owners: (Owner | null)[] = NO_OWNERS;
  #first = 0;
  /** Slots from the first to the last, with those between them that are over. */
  #used = 0;

  /** How many. */
  get open(): number {
    return this.#open;
  }

  /** The oldest; -1: there is none. */
  get oldest(): number {
    return this.#used === 0 ? -1 : this.#first;
  }

  /**
   * @param words the transaction-id is `words[at, at + length)`
   * @param since ARRIVING, or milliseconds of performance.now()
   */
  add(words: Words, at: number, length: number, method: string, since: number, owner: Owner | null): void {
    if (this.#used === this.#methods.length) this.#makeRoom();
    const slot = this.#slot(this.#used);
    const ids = this.#ids;
    const last = length - WORD;
    let id = slot * ID_SLOT;
    ids[id++] = length;
    for (let i = 0; i < last; i += WORD) ids[id++] = words.getInt32(at + i);
    ids[id] = words.getInt32(at + last);
    // What is there already is mostly the same, and the engine has to note what is written.
    if (this.#methods[slot] !== method) this.#methods[slot] = method;
    if (this.#owners[slot] !== owner) this.#owners[slot] = owner;
    this.#since[slot] = since;
    this.#used += 1;
    this.#open += 1;
  }

  /** What was arriving has arrived: unless it was answered before, it is the last. */
  arrived(now: number): void {
    this.arriving = null;
    if (this.#used === 0) return;
    const last = this.#slot(this.#used - 1);
    if (this.#since[last] === ARRIVING) this.#since[last] = now;
  }

  /** The oldest with the transaction-id `words[at, at + length)`; -1: there is none. */
  find(words: Words, at: number, length: number): number {
    if (this.#used === 0) return -1;
    if (this.#has(this.#first, words, at, length)) return this.#first;
    for (let i = 1; i < this.#used; i++) {
      const slot = this.#slot(i);
      if (this.#since[slot] !== OVER && this.#has(slot, words, at, length)) return slot;
    }
    return -1;
  }

  /** ARRIVING, or since when its response is due, in milliseconds of performance.now(). */
  since(slot: number): number {
    return this.#since[slot]!;
  }

  method(slot: number): string {
    return this.#methods[slot]!;
  }

  /** @param visit told of each whose time runs: what it belongs to, and since when its response is due */
  visit(visit: (owner: Owner, since: number) => void): void {
    for (let i = 0; i < this.#used; i++) {
      const slot = this.#slot(i);
      const owner = this.#owners[slot];
      if (owner !== null && owner !== undefined && this.#since[slot]! > ARRIVING) visit(owner, this.#since[slot]!);
    }
  }

  transactionId(slot: number): string {
    const id = slot * ID_SLOT;
    const length = this.#ids[id]!;
    const octets = Buffer.alloc(length);
    for (let i = 0; i < length; i += WORD)
      octets.writeInt32BE(this.#ids[id + 1 + i / WORD]!, Math.min(i, length - WORD));
    return octets.toString('latin1');
  }

  remove(slot: number): void {
    this.#since[slot] = OVER;
    this.#open -= 1;
    while (this.#used > 0 && this.#since[this.#first] === OVER) {
      this.#first = this.#slot(1);
      this.#used -= 1;
    }
  }

  /** Forgets all, and gives its memory back. @returns how many were open */
  clear(): number {
    const count = this.#open;
    this.#open = 0;
    this.#used = 0;
    this.#first = 0;
    this.#ids = NO_NUMBERS;
    this.#since = NO_NUMBERS;
    this.#methods = NO_METHODS;
    this.#owners = NO_OWNERS;
    return count;
  }

  #has(slot: number, words: Words, at: number, length: number): boolean {
    const ids = this.#ids;
    const last = length - WORD;
    let id = slot * ID_SLOT;
    if (ids[id++] !== length) return false;
    for (let i = 0; i < last; i += WORD) if (ids[id++] !== words.getInt32(at + i)) return false;
    return ids[id] === words.getInt32(at + last);
  }

  /** The slots are a power of two. */
  #slot(index: number): number {
    return (this.#first + index) & (this.#methods.length - 1);
  }

  /** More slots, or the same without those that are over: at least half are free then. */
  #makeRoom(): void {
    const slots = Math.max(1, 2 ** Math.ceil(Math.log2(2 * this.#open)));
    const ids = filled(slots * ID_SLOT, 0);
    const since = filled(slots, NO_TIME);
    const methods = filled(slots, '');
    const owners = filled<Owner | null>(slots, null);
    let to = 0;
    for (let i = 0; i < this.#used; i++) {
      const slot = this.#slot(i);
      if (this.#since[slot] === OVER) continue;
      for (let word = 0; word < ID_SLOT; word++) ids[to * ID_SLOT + word] = this.#ids[slot * ID_SLOT + word]!;
      since[to] = this.#since[slot]!;
      methods[to] = this.#methods[slot]!;
      owners[to] = this.#owners[slot] ?? null;
      to += 1;
    }
    this.#ids = ids;
    this.#since = since;
    this.#methods = methods;
    this.#owners = owners;
    this.#first = 0;
    this.#used = to;
  }
}

/** Without room for more. */
function filled<Value>(length: number, value: Value): Value[] {
  return Array.from({ length }, () => value);
}
