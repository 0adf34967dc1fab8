import { MsrptapError } from '../lib/errors.js';
import { asIpv6, ipOctets } from '../lib/ip-octets.js';
import { FAMILY_IPV4, FAMILY_IPV6 } from './format.js';

export { ipText } from '../lib/ip-octets.js';

/** The two addresses of a packet, which has one family for both. */
export interface AddressPair {
  readonly family: typeof FAMILY_IPV4 | typeof FAMILY_IPV6;
  readonly source: Buffer;
  readonly destination: Buffer;
}

/**
 * Both addresses in network order. When one is IPv6 the other is too: an IPv4 address becomes ::ffff:a.b.c.d, and
 * 0.0.0.0, which stands for an address that does not exist, becomes ::.
 * @throws MsrptapError hep_address_invalid
 */
export function addressPair(sourceIp: string, destinationIp: string): AddressPair {
  const source = ipBytes(sourceIp);
  const destination = ipBytes(destinationIp);
  if (source.length === destination.length) {
    return { family: source.length === 4 ? FAMILY_IPV4 : FAMILY_IPV6, source, destination };
  }
  return { family: FAMILY_IPV6, source: existing(source), destination: existing(destination) };
}

function existing(octets: Buffer): Buffer {
  return octets.every((octet) => octet === 0) ? Buffer.alloc(16) : asIpv6(octets);
}

/**
 * An address as 4 or 16 octets in network order; a zone id is left out, as it means nothing on another machine.
 * @throws MsrptapError hep_address_invalid
 */
export function ipBytes(ip: string): Buffer {
  const octets = ipOctets(ip);
  if (octets === null) throw new MsrptapError('hep_address_invalid', `${JSON.stringify(ip)} is not an IP address`);
  return octets;
}
