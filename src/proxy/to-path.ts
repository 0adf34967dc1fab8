/** Which next hop a To-Path names, and whether it may be dialled. Pure. */
import { isIP } from 'node:net';
import type { NextHop } from '../events.js';
import { type Endpoint, MSRP_PORT, formatEndpoint, parseHostPort } from '../lib/address.js';
import { type SocketRange, inRanges } from '../lib/cidr.js';
import { parseUri } from '../msrp/uri.js';
import type { Refusal } from '../net/dial.js';

/** Addresses that are no next hop, whatever is allowed: nobody's, everybody's, and those that mean another host on each link. */
const NEVER = inRanges([
  { ip: '0.0.0.0', prefix: 8 }, // this network, unspecified [RFC 1122 §3.2.1.3]
  { ip: '169.254.0.0', prefix: 16 }, // link-local [RFC 3927], where clouds keep their metadata
  { ip: '224.0.0.0', prefix: 4 }, // multicast
  { ip: '255.255.255.255', prefix: 32 }, // broadcast
  { ip: '::', prefix: 128 }, // unspecified [RFC 4291 §2.5.2]
  { ip: 'fe80::', prefix: 10 }, // link-local
  { ip: 'ff00::', prefix: 8 }, // multicast
]);

/**
 * A host that resolvers take for an IPv4 address in another notation: 2130706433, 0x7f.1, 0177.0.0.1. The last label
 * decides, as in URLs [WHATWG URL, "ends in a number"]; no name on the public Internet ends so [RFC 3696 §2].
 */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i;

/**
 * The next hop that a URI of a To-Path names. A port that is missing is 2855: SRV records [RFC 4976 §5] are not asked for.
 * @returns what is wrong with it where it names none
 */
export function nextHopOf(uri: string): NextHop | string {
  const parts = parseUri(uri);
  if (parts === null) return 'it is no MSRP URI';
  const { scheme, host, port, transport } = parts;
  if (transport !== '' && transport.toLowerCase() !== 'tcp') return 'its transport is not tcp';
  if (port === 0) return 'its port is 0';
  const isName = isIP(host) === 0;
  if (isName && (ENDS_IN_NUMBER.test(host) || parseHostPort(host, MSRP_PORT) === null)) {
    return 'its host is neither a name nor a plain IP address';
  }
  return { proto: scheme, host, port: port ?? MSRP_PORT };
}

/** Judges the addresses that next hops have or resolve to. */
export class ToPathRules {
  readonly #ranges: readonly { readonly has: (ip: string) => boolean; readonly ports: SocketRange['ports'] }[];
  readonly #isOwn: (address: Endpoint) => boolean;

  constructor(allow: readonly SocketRange[], isOwn: (address: Endpoint) => boolean) {
    this.#ranges = allow.map((range) => ({ has: inRanges([range]), ports: range.ports }));
    this.#isOwn = isOwn;
  }

  /** @returns null when it may be dialled */
  refuse(address: Endpoint): Refusal | null {
    const { ip, port } = address;
    const shown = formatEndpoint(address);
    if (NEVER(ip)) return { reason: 'to_path_forbidden', detail: `${shown} is never dialled` };
    if (this.#isOwn(address)) return { reason: 'loop', detail: `${shown} is a socket of its own` };
    const isAllowed = this.#ranges.some(({ has, ports: [from, to] }) => from <= port && port <= to && has(ip));
    return isAllowed ? null : { reason: 'to_path_forbidden', detail: `${shown} is not allowed` };
  }
}
