import { type LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Names that may wait for their turn. */
const MAX_WAITING = 1_000;

type LookUp = (host: string) => Promise<readonly LookupAddress[]>;

/** One look-up, for all who asked for that name. */
interface Asked {
  readonly addresses: Promise<readonly LookupAddress[]>;
  readonly askers: (() => boolean)[];
}

interface Waiting {
  readonly askers: readonly (() => boolean)[];
  begin(): void;
  forget(): void;
}

/**
 * Names to addresses as the system sees them (hosts file included). getaddrinfo occupies one of Node's four pool threads
 * for as long as a resolver hangs, and file access shares that pool: so all who ask for one name at one time share
 * one look-up, and no number of connections can occupy more threads than there are names in the configuration. Names
 * that peers make up have a resolver of their own, with a limit.
 */
export class Resolver {
  readonly #atOnce: number;
  readonly #lookUp: LookUp;
  readonly #asked = new Map<string, Asked>();
  #queue: Waiting[] = [];
  #running = 0;

  /** @param atOnce look-ups at one time; others wait */
  constructor(atOnce = Number.POSITIVE_INFINITY, lookUp: LookUp = (host) => lookup(host, { all: true })) {
    this.#atOnce = atOnce;
    this.#lookUp = lookUp;
  }

  /**
   * @param isWanted asked when it is the name's turn: one that nobody waits for any more is not looked up, or a few slow
   * ones would keep the others waiting long after their askers have given up
   * @throws what getaddrinfo says: ENOTFOUND, EAI_AGAIN, …
   */
  async resolve(host: string, isWanted: () => boolean = () => true): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const asked = this.#asked.get(host);
    if (asked !== undefined) {
      asked.askers.push(isWanted);
      return asked.addresses;
    }
    const askers = [isWanted];
    const addresses = this.#inTurn(host, askers).finally(() => this.#asked.delete(host));
    this.#asked.set(host, { addresses, askers });
    return addresses;
  }

  async #inTurn(host: string, askers: readonly (() => boolean)[]): Promise<readonly LookupAddress[]> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#wait(askers);
    try {
      return await this.#lookUp(host);
    } finally {
      this.#next();
    }
  }

  /** For the place of one that has ended. */
  #wait(askers: readonly (() => boolean)[]): Promise<void> {
    if (this.#queue.length >= MAX_WAITING) this.#forgetUnwanted();
    if (this.#queue.length >= MAX_WAITING) return Promise.reject(new Error('too many names are to be resolved'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ askers, begin: resolve, forget: () => reject(new Error('nobody waits for it')) });
    });
  }

  #next(): void {
    this.#forgetUnwanted();
    const next = this.#queue.shift();
    if (next === undefined) this.#running -= 1;
    else next.begin();
  }

  #forgetUnwanted(): void {
    const wanted: Waiting[] = [];
    const unwanted: Waiting[] = [];
    for (const waiting of this.#queue)
      (waiting.askers.some((isWanted) => isWanted()) ? wanted : unwanted).push(waiting);
    this.#queue = wanted;
    for (const waiting of unwanted) waiting.forget();
  }
}
