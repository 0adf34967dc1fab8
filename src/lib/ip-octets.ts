import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { plainIp } from './address.js';

const IPV6_GROUPS = 8;
const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex');

/** An address as 4 or 16 octets in network order, without its zone id; null when it is none. */
export function ipOctets(ip: string): Buffer | null {
  const plain = plainIp(ip);
  if (isIPv4(plain)) return Buffer.from(plain.split('.').map(Number));
  return isIPv6(plain) ? ipv6Octets(plain) : null;
}

/** 16 octets: an IPv4 address becomes ::ffff:a.b.c.d [RFC 4291 §2.5.5.2]. */
export function asIpv6(octets: Buffer): Buffer {
  return octets.length === 16 ? octets : Buffer.concat([MAPPED_PREFIX, octets]);
}

/** The text of 4 or 16 octets, IPv6 in the canonical form of [RFC 5952]. */
export function ipText(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.');
  const full = Array.from({ length: IPV6_GROUPS }, (_, index) => octets.readUInt16BE(index * 2).toString(16)).join(':');
  return new SocketAddress({ address: full, family: 'ipv6' }).address;
}

/** `text` is valid, so every part has its form [RFC 4291 §2.2]: groups, at most one `::`, an IPv4 address at the end. */
function ipv6Octets(text: string): Buffer {
  const [head = '', tail] = text.replace(/%.*$/, '').split('::');
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const octets = Buffer.alloc(16);
  before.forEach((group, index) => octets.writeUInt16BE(group, index * 2));
  const skipped = IPV6_GROUPS - after.length;
  after.forEach((group, index) => octets.writeUInt16BE(group, (skipped + index) * 2));
  return octets;
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return Number.parseInt(part, 16);
    const embedded = Buffer.from(part.split('.').map(Number));
    return [embedded.readUInt16BE(0), embedded.readUInt16BE(2)];
  });
}
