import { type EndOfTurn, atEndOfTurn } from '../lib/turn.js';

export interface BufferLimits {
  /** Octets that may wait for one connection; then nothing more is read for it. At least what one read brings. */
  readonly link_buffer: number;
  /** And for all connections. */
  readonly buffer: number;
}

/** Has octets that wait: a connection whose far side is slow, or a flow whose next hop is still being dialled. */
export interface Holder {
  /** Octets. */
  readonly backlog: number;
  /** It has none any more. */
  released(): void;
}

/** Milliseconds: the kernel tells only of those that have gone who filled the buffer of a socket. */
const LOOK_MS = 50;

/**
 * What was read and waits to be written, over all links. One that is full is not read for. When all of it together is too
 * much, nobody is read for who has anything waiting, so that each link adds one read at most; it is slower then, and none
 * that stands is cut for what another does. New clients are refused until there is room.
 *
 * Links whose far sides are quick have nothing here at the end of a turn; TLS takes a write no sooner.
 */
export class Buffers implements EndOfTurn {
  readonly #limits: () => BufferLimits;
  readonly #held = new Map<Holder, number>();
  #octets = 0;
  #stops = 0;
  #timer: NodeJS.Timeout | null = null;
  /** In this turn. */
  #stopped: Holder[] = [];

  /** @param limits those that hold now */
  constructor(limits: () => BufferLimits) {
    this.#limits = limits;
  }

  /** That wait at this moment, but for what went within the last LOOK_MS. */
  get octets(): number {
    return this.#octets;
  }

  /** How often somebody was full, since the start. */
  get stops(): number {
    return this.#stops;
  }

  get isFull(): boolean {
    return this.#octets >= this.#limits().buffer;
  }

  /** What waits is `octets` now. */
  note(holder: Holder, octets: number): void {
    this.#octets += octets - (this.#held.get(holder) ?? 0);
    this.#held.set(holder, octets);
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** The same. @returns whether more is welcome; if not, `released` tells when it is */
  hold(holder: Holder, octets: number): boolean {
    this.note(holder, octets);
    const { link_buffer, buffer } = this.#limits();
    if (octets < link_buffer && this.#octets < buffer) return true;
    this.#stops += 1;
    if (this.#stopped.length === 0) atEndOfTurn(this);
    this.#stopped.push(holder);
    return false;
  }

  /** Whoever is quick must not wait for the next look. */
  endOfTurn(): void {
    const stopped = this.#stopped;
    this.#stopped = [];
    for (const holder of stopped) this.#lookAt(holder);
  }

  /** Nothing of it waits any more. */
  release(holder: Holder): void {
    const octets = this.#held.get(holder);
    if (octets === undefined) return;
    this.#octets -= octets;
    this.#held.delete(holder);
    if (this.#held.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    for (const holder of this.#held.keys()) this.#lookAt(holder);
  }

  #lookAt(holder: Holder): void {
    const known = this.#held.get(holder);
    if (known === undefined) return;
    const { backlog } = holder;
    if (backlog === 0) {
      this.release(holder);
      holder.released();
    } else if (backlog !== known) {
      this.#octets += backlog - known;
      this.#held.set(holder, backlog);
    }
  }
}
