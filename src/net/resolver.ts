import { type LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Names that may wait for their turn: who asked for one of more may have given up long before. */
const MAX_WAITING = 1_000;

/**
 * Names to addresses as the system sees them (hosts file included). getaddrinfo occupies one of Node's four pool threads
 * for as long as a resolver hangs, and file access shares that pool: so all who ask for one name at one time share
 * one look-up, and no number of connections can occupy more threads than there are names in the configuration. Names
 * that peers make up have a resolver of their own, with a limit.
 */
export class Resolver {
  readonly #atOnce: number;
  readonly #asking = new Map<string, Promise<readonly LookupAddress[]>>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  /** @param atOnce look-ups at one time; others wait */
  constructor(atOnce = Number.POSITIVE_INFINITY) {
    this.#atOnce = atOnce;
  }

  /** @throws what getaddrinfo says: ENOTFOUND, EAI_AGAIN, … */
  async resolve(host: string): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const asked = this.#asking.get(host);
    if (asked !== undefined) return asked;
    const asking = this.#lookup(host).finally(() => this.#asking.delete(host));
    this.#asking.set(host, asking);
    return asking;
  }

  async #lookup(host: string): Promise<readonly LookupAddress[]> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#inTurn();
    try {
      return await lookup(host, { all: true });
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** Waits for the place of one that has ended. */
  #inTurn(): Promise<void> {
    if (this.#queue.length >= MAX_WAITING) return Promise.reject(new Error('too many names are to be resolved'));
    return new Promise((resolve) => this.#queue.push(resolve));
  }
}
