import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Backoff } from './backoff.js';
import type { Timing } from './timing.js';
import { reasonOf } from './transport.js';

export interface AddressEvents {
  /** The address to use from now on. */
  found(address: string): void;
  /** There is none; another look-up follows. */
  notFound(reason: string): void;
}

/**
 * Follows the address of a UDP receiver: looks its name up at the start, every resolveInterval, and soon after an
 * error. The next look-up is scheduled when one has ended, so that they cannot pile up behind a resolver that hangs.
 */
export class AddressWatch {
  readonly #host: string;
  readonly #timing: Timing;
  readonly #events: AddressEvents;
  readonly #lookup: LookupFunction;
  readonly #backoff: Backoff;
  #address: string | null = null;
  #isResolving = false;
  /** An error brought the next look-up forward. */
  #isAfterError = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(host: string, timing: Timing, events: AddressEvents, lookup: LookupFunction = systemLookup) {
    this.#host = host;
    this.#timing = timing;
    this.#events = events;
    this.#lookup = lookup;
    this.#backoff = new Backoff(timing.backoffMin, timing.backoffMax);
  }

  get isResolving(): boolean {
    return this.#isResolving;
  }

  start(): void {
    this.#isResolving = true;
    if (isIP(this.#host) !== 0) {
      this.#resolved([this.#host]);
      return;
    }
    this.#lookup(this.#host, { all: true }, (error, found) => {
      if (this.#isClosed) return;
      if (error === null) this.#resolved(addressesOf(found));
      else this.#notResolved(reasonOf(error));
    });
  }

  /** The address works. */
  confirm(): void {
    this.#backoff.reset();
  }

  /** The address could not be used at all. */
  reject(reason: string): void {
    this.#address = null;
    this.#notResolved(reason);
  }

  /** Sending failed: it may be the wrong address by now. */
  doubt(): void {
    if (this.#isAfterError || this.#isResolving) return;
    this.#isAfterError = true;
    this.#startIn(this.#timing.resolveAfterError);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #resolved(addresses: readonly string[]): void {
    const chosen = choose(addresses, this.#address, this.#isAfterError);
    if (chosen === undefined) {
      this.#notResolved('the name has no address');
      return;
    }
    this.#settle(this.#timing.resolveInterval);
    if (chosen === this.#address) return;
    this.#address = chosen;
    this.#events.found(chosen);
  }

  #notResolved(reason: string): void {
    if (this.#address !== null) {
      // The address that the name had goes on being used.
      this.#settle(this.#timing.resolveInterval);
      return;
    }
    this.#settle(this.#backoff.next());
    this.#events.notFound(reason);
  }

  #settle(nextIn: number): void {
    this.#isResolving = false;
    this.#isAfterError = false;
    this.#startIn(nextIn);
  }

  #startIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => this.start(), ms);
  }
}

/** The address in use, as long as the name has it; after an error the one behind it, as a receiver may listen on one only. */
function choose(addresses: readonly string[], current: string | null, isAfterError: boolean): string | undefined {
  const at = current === null ? -1 : addresses.indexOf(current);
  if (at === -1) return addresses[0];
  return addresses[isAfterError ? (at + 1) % addresses.length : at];
}

function addressesOf(found: string | LookupAddress[]): string[] {
  return typeof found === 'string' ? [found] : found.map(({ address }) => address);
}
