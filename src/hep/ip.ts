import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { plainIp } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import { FAMILY_IPV4, FAMILY_IPV6 } from './format.js';

const IPV6_GROUPS = 8;
const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex');

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
  return { family: FAMILY_IPV6, source: asIpv6(source), destination: asIpv6(destination) };
}

function asIpv6(bytes: Buffer): Buffer {
  if (bytes.length === 16) return bytes;
  return bytes.every((octet) => octet === 0) ? Buffer.alloc(16) : Buffer.concat([MAPPED_PREFIX, bytes]);
}

/**
 * An address as 4 or 16 octets in network order; a zone id is left out, as it means nothing on another machine.
 * @throws MsrptapError hep_address_invalid
 */
export function ipBytes(ip: string): Buffer {
  const plain = plainIp(ip);
  if (isIPv4(plain)) return Buffer.from(plain.split('.').map(Number));
  if (!isIPv6(plain)) throw new MsrptapError('hep_address_invalid', `${JSON.stringify(ip)} is not an IP address`);
  return ipv6Bytes(plain);
}

/** `text` is valid, so every part has its form [RFC 4291 §2.2]: groups, at most one `::`, an IPv4 address at the end. */
function ipv6Bytes(text: string): Buffer {
  const [head = '', tail] = text.replace(/%.*$/, '').split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const bytes = Buffer.alloc(16);
  before.forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  const skipped = IPV6_GROUPS - after.length;
  after.forEach((group, index) => bytes.writeUInt16BE(group, (skipped + index) * 2));
  return bytes;
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return Number.parseInt(part, 16);
    const embedded = Buffer.from(part.split('.').map(Number));
    return [embedded.readUInt16BE(0), embedded.readUInt16BE(2)];
  });
}

/** The text of 4 or 16 octets, IPv6 in the canonical form of [RFC 5952]. */
export function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const full = Array.from({ length: IPV6_GROUPS }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':');
  return new SocketAddress({ address: full, family: 'ipv6' }).address;
}
