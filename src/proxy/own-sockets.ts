import { networkInterfaces } from 'node:os';
import { type Endpoint, canonicalEndpoint, canonicalIp, isEveryAddress, isLoopback } from '../lib/address.js';

/** Milliseconds for which the addresses of the machine are taken to stay the same: asking for them costs system calls. */
const ADDRESSES_KEPT_MS = 1_000;

/** The sockets that this program listens on, whatever they are called: what leads to them is a loop. */
export class OwnSockets {
  #sockets: readonly Endpoint[] = [];
  #addresses: ReadonlySet<string> = new Set();
  #askedAt = Number.NEGATIVE_INFINITY;
  readonly #ask: () => Iterable<string>;

  /** @param ask for the addresses of this machine */
  constructor(ask: () => Iterable<string> = interfaceAddresses) {
    this.#ask = ask;
  }

  use(sockets: readonly Endpoint[]): void {
    this.#sockets = sockets.map(canonicalEndpoint);
  }

  has({ ip, port }: Endpoint): boolean {
    const canonical = canonicalIp(ip);
    return this.#sockets.some(
      (own) => own.port === port && (own.ip === canonical || (isEveryAddress(own.ip) && this.hasAddress(canonical))),
    );
  }

  /** Whether an address is one of this machine's. */
  hasAddress(ip: string): boolean {
    const canonical = canonicalIp(ip);
    // Of 127.0.0.0/8 interfaces name one, and Linux answers on all; the unspecified address is dialled as loopback.
    if (isLoopback(canonical) || isEveryAddress(canonical)) return true;
    const now = performance.now();
    if (now - this.#askedAt > ADDRESSES_KEPT_MS) {
      this.#addresses = new Set(Array.from(this.#ask(), canonicalIp));
      this.#askedAt = now;
    }
    return this.#addresses.has(canonical);
  }
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}
