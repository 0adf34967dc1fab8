import { plainIp } from '../lib/address.js';
import { ipOctets } from '../lib/ip-octets.js';

/** What one customer of a provider has at least [RFC 6177]: who is given a /64 has all of its addresses. */
const IPV6_NETWORK_OCTETS = 8;

/** What counts as one source: an IPv4 address, or a /64 of IPv6. */
export function sourceOf(ip: string): string {
  const octets = ipOctets(ip);
  return octets?.length === 16 ? octets.toString('hex', 0, IPV6_NETWORK_OCTETS) : plainIp(ip);
}

/** Connections by source. A source is remembered for as long as it has one. */
export class Sources {
  readonly #counts = new Map<string, number>();

  of(source: string): number {
    return this.#counts.get(source) ?? 0;
  }

  add(source: string): void {
    this.#counts.set(source, this.of(source) + 1);
  }

  remove(source: string): void {
    const left = this.of(source) - 1;
    if (left > 0) this.#counts.set(source, left);
    else this.#counts.delete(source);
  }
}
