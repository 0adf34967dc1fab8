import { BlockList, isIP } from 'node:net';
import { canonicalIp } from './address.js';

/** A range of addresses, as plain data. An IPv4 one is written as such, never as ::ffff:a.b.c.d. */
export interface Cidr {
  readonly ip: string;
  readonly prefix: number;
}

/** A range of addresses on some ports, both ends included. */
export interface SocketRange extends Cidr {
  readonly ports: readonly [from: number, to: number];
}

const FORM = /^(?:\[(?<inside>[^\]/]+)\]|(?<plain>[^[\]/]+))(?:\/(?<prefix>\d{1,3}))?$/;
/** In ::ffff:a.b.c.d [RFC 4291 §2.5.5.2]. */
const BITS_BEFORE_MAPPED = 96;

/**
 * Reads `IP` or `IP/PREFIX`; IPv6 addresses may stand in brackets. Bits behind the prefix do not count.
 * @returns null when the text is neither
 */
export function parseCidr(text: string): Cidr | null {
  const groups = FORM.exec(text)?.groups;
  const written = groups?.['inside'] ?? groups?.['plain'] ?? '';
  if (isIP(written) === 0 || written.includes('%')) return null;
  const bits = isIP(written) === 4 ? 32 : 128;
  const prefix = groups?.['prefix'] === undefined ? bits : Number(groups['prefix']);
  if (prefix > bits) return null;
  const ip = canonicalIp(written);
  if (bits === 32 || isIP(ip) === 6) return { ip, prefix };
  return prefix < BITS_BEFORE_MAPPED ? null : { ip, prefix: prefix - BITS_BEFORE_MAPPED };
}

/** Tells of an IP address whether it is in one of the ranges; an IPv4 address in any spelling is in those of IPv4. */
export function inRanges(ranges: readonly Cidr[]): (ip: string) => boolean {
  // One for each family: to a list of both, an IPv4 address is in ::/0 too.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { ip, prefix } of ranges) lists[familyOf(ip)].addSubnet(ip, prefix, familyOf(ip));
  return (ip) => {
    const canonical = canonicalIp(ip.replace(/%.*$/, ''));
    return isIP(canonical) !== 0 && lists[familyOf(canonical)].check(canonical, familyOf(canonical));
  };
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIP(ip) === 4 ? 'ipv4' : 'ipv6';
}
