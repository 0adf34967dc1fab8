import { type LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/**
 * Names to addresses as the system sees them (hosts file included). getaddrinfo occupies one of Node's four pool threads
 * for as long as a resolver hangs, and file access shares that pool: so all who ask for one name at one time share
 * one look-up, and no number of connections can occupy more threads than there are names in the configuration.
 */
export class Resolver {
  readonly #asking = new Map<string, Promise<readonly LookupAddress[]>>();

  /** @throws what getaddrinfo says: ENOTFOUND, EAI_AGAIN, … */
  async resolve(host: string): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    const asked = this.#asking.get(host);
    if (asked !== undefined) return asked;
    const asking = lookup(host, { all: true }).finally(() => this.#asking.delete(host));
    this.#asking.set(host, asking);
    return asking;
  }
}
