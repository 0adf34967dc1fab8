/**
 * The PROXY protocol, versions 1 and 2 [HAProxy, doc/proxy-protocol.txt]: what a proxy says at the beginning of a
 * connection of whom it carries. Pure.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { type Endpoint, endpoint } from '../lib/address.js';
import { asIpv6, ipOctets, ipText } from '../lib/ip-octets.js';

/** Whom a connection is carried for: who opened it, and the address that was dialled. */
export interface ProxiedAddresses {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/**
 * more: what came so far may become a header. header: `length` octets are one; addresses are null where the sender knows
 * none or speaks for itself (UNKNOWN, UNSPEC, LOCAL, UNIX sockets), and those of the connection hold.
 */
export type HeaderFound =
  | { readonly kind: 'more' }
  | { readonly kind: 'none'; readonly detail: string }
  | { readonly kind: 'header'; readonly length: number; readonly addresses: ProxiedAddresses | null };

/** The longest line of version 1, CRLF included [§2.1]. */
const V1_LENGTH = 107;
/**
 * Octets behind the fixed part of version 2, TLVs included. The addresses of UNIX sockets take 216 [§2.2]; what names and
 * certificates senders add as TLVs is within this. The field could say 65535.
 */
const V2_MAX_LENGTH = 4_096;

const V1_START = Buffer.from('PROXY ', 'latin1');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** Signature, version and command, family and protocol, length. */
const V2_FIXED = 16;
const V2_LOCAL = 0x20;
const V2_PROXY = 0x21;
/** Family and protocol: a stream over IPv4, IPv6, UNIX sockets, or of nobody knows what. */
const OVER_UNSPEC = 0x00;
const OVER_IPV4 = 0x11;
const OVER_IPV6 = 0x21;
const OVER_UNIX = 0x31;

const MORE: HeaderFound = { kind: 'more' };

/** Looks at the first octets of a connection, as many as have come. */
export function findProxyHeader(octets: Buffer): HeaderFound {
  if (begins(octets, V2_SIGNATURE)) return findV2(octets);
  if (begins(octets, V1_START)) return findV1(octets);
  return none('it does not begin with one');
}

/** Whether a header begins here, be it a bad one; null: too few octets to tell. */
export function beginsAsProxyHeader(octets: Buffer): boolean | null {
  const start = [V2_SIGNATURE, V1_START].find((each) => begins(octets, each));
  if (start === undefined) return false;
  return octets.length >= start.length ? true : null;
}

/** Writes the header of version 1 or 2. Where the families differ, both addresses are written as IPv6 ones. */
export function writeProxyHeader(version: 1 | 2, { source, destination }: ProxiedAddresses): Buffer {
  const from = ipOctets(source.ip);
  const to = ipOctets(destination.ip);
  if (from === null || to === null) return version === 1 ? Buffer.from('PROXY UNKNOWN\r\n') : v2(V2_LOCAL, 0, []);
  const isIpv4 = from.length === 4 && to.length === 4;
  const ips = isIpv4 ? [from, to] : [asIpv6(from), asIpv6(to)];
  if (version === 1) {
    const words = ['PROXY', isIpv4 ? 'TCP4' : 'TCP6', ...ips.map(ipText), source.port, destination.port];
    return Buffer.from(`${words.join(' ')}\r\n`, 'latin1');
  }
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(source.port, 0);
  ports.writeUInt16BE(destination.port, 2);
  return v2(V2_PROXY, isIpv4 ? OVER_IPV4 : OVER_IPV6, [...ips, ports]);
}

function v2(command: number, over: number, parts: readonly Buffer[]): Buffer {
  const fixed = Buffer.concat([V2_SIGNATURE, Buffer.from([command, over, 0, 0])]);
  const addresses = Buffer.concat(parts);
  fixed.writeUInt16BE(addresses.length, V2_FIXED - 2);
  return Buffer.concat([fixed, addresses]);
}

/** As far as both go. */
function begins(octets: Buffer, start: Buffer): boolean {
  const length = Math.min(octets.length, start.length);
  return octets.compare(start, 0, length, 0, length) === 0;
}

function findV1(octets: Buffer): HeaderFound {
  const end = octets.subarray(0, V1_LENGTH).indexOf('\r\n', 0, 'latin1');
  if (end === -1) {
    return octets.length < V1_LENGTH ? MORE : none(`no end of its line within ${V1_LENGTH} octets`);
  }
  const length = end + 2;
  const words = octets.toString('latin1', 0, end).split(' ');
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = words;
  // Whatever follows UNKNOWN is to be ignored [§2.1].
  if (family === 'UNKNOWN') return { kind: 'header', length, addresses: null };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIpv6 : () => false;
  const ports = [portOf(sourcePort), portOf(destinationPort)] as const;
  if (words.length !== 6 || !isAddress(source) || !isAddress(destination) || ports[0] === null || ports[1] === null) {
    return none('its line is not of the form PROXY TCP4|TCP6 SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT');
  }
  return {
    kind: 'header',
    length,
    addresses: { source: endpoint(source, ports[0]), destination: endpoint(destination, ports[1]) },
  };
}

/** A zone id means something on the sender's machine alone. */
function isPlainIpv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function portOf(text: string): number | null {
  const port = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : null;
  return port !== null && port <= 65_535 ? port : null;
}

function findV2(octets: Buffer): HeaderFound {
  if (octets.length < V2_FIXED) return MORE;
  const command = octets.readUInt8(12);
  const over = octets.readUInt8(13);
  const behind = octets.readUInt16BE(14);
  if (command !== V2_LOCAL && command !== V2_PROXY) return none('its version and command are neither PROXY nor LOCAL');
  if (behind > V2_MAX_LENGTH) return none(`it is over ${V2_FIXED + V2_MAX_LENGTH} octets long`);
  const addressOctets = command === V2_LOCAL ? 0 : addressLength(over);
  if (addressOctets === null) return none('it tells of no stream over IPv4, IPv6 or a UNIX socket');
  if (behind < addressOctets) return none('it is too short for its addresses');
  const length = V2_FIXED + behind;
  if (octets.length < length) return MORE;
  // What follows the addresses are TLVs, none of which says whom the connection is carried for.
  const known = command === V2_PROXY && (over === OVER_IPV4 || over === OVER_IPV6);
  return { kind: 'header', length, addresses: known ? v2Addresses(octets, over === OVER_IPV4 ? 4 : 16) : null };
}

function addressLength(over: number): number | null {
  switch (over) {
    case OVER_UNSPEC:
      return 0;
    case OVER_IPV4:
      return 12;
    case OVER_IPV6:
      return 36;
    case OVER_UNIX:
      return 216;
    default:
      return null;
  }
}

function v2Addresses(octets: Buffer, size: 4 | 16): ProxiedAddresses {
  const ip = (index: number): string => {
    const start = V2_FIXED + index * size;
    return ipText(octets.subarray(start, start + size));
  };
  const port = (index: number): number => octets.readUInt16BE(V2_FIXED + 2 * size + 2 * index);
  return { source: endpoint(ip(0), port(0)), destination: endpoint(ip(1), port(1)) };
}

function none(detail: string): HeaderFound {
  return { kind: 'none', detail };
}
