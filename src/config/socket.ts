/** The addresses of listeners, next hops and TLS domains, as a configuration writes them. */
import { isIP } from 'node:net';
import type { NextHop, Proto } from '../events.js';
import { MSRP_PORT, isLoopback, parseHostPort, type Endpoint } from '../lib/address.js';
import { parseCidr, type Cidr, type SocketRange } from '../lib/cidr.js';
import type { AddressPattern } from '../net/tls-domain.js';
import type { Parsed } from './parsed.js';
import type { ListenerConfig } from './types.js';

export const SOCKET_FORM = 'msrp:IP[:PORT] or msrps:IP[:PORT], an IPv6 address in brackets';
export const UPSTREAM_FORM = 'msrp:HOST[:PORT] or msrps:HOST[:PORT], an IPv6 address in brackets';
export const CIDR_FORM = 'an IP address, or IP/PREFIX';
export const ALLOWED_FORM =
  'IP[/PREFIX][:PORT|:FROM-TO], as in "10.0.0.0/8:2000-7000"; an IPv6 address without a prefix in brackets when a port follows';
export const MI_SOCKET_FORM = 'udp:IP:PORT, an IPv6 address in brackets';
export const MATCH_ADDRESS_FORM =
  '"*", IP or IP:PORT, an IPv6 address in brackets when a port follows, or a list of them';

export type ListenAt = Pick<ListenerConfig, 'socket' | 'proto' | 'ip' | 'port'>;

export function parseSocket(text: string): Parsed<ListenAt> {
  const parts = schemeAndRest(text);
  if (parts === null) return { problem: `must be ${SOCKET_FORM}, not ${JSON.stringify(text)}` };
  const { proto, rest } = parts;
  if (/^\*(:\d+)?$/.test(rest)) {
    const port = rest.slice(1);
    return {
      problem: `"*" is not an address; write ${proto}:0.0.0.0${port} (every IPv4 address) or ${proto}:[::]${port}`,
    };
  }
  const at = parseHostPort(rest, MSRP_PORT);
  if (at === null) return { problem: `must be ${SOCKET_FORM}, not ${JSON.stringify(text)}` };
  if (isIP(at.host) === 0) {
    return {
      problem: `must have an IP address of this machine, not the name ${JSON.stringify(at.host)} (0.0.0.0 stands for every IPv4 address)`,
    };
  }
  return { value: { socket: text, proto, ip: at.host, port: at.port } };
}

/** Reads a socket_name of mi_datagram. */
export function parseMiSocket(text: string): Parsed<Endpoint> {
  if (/^(?:unix:|\/)/.test(text)) {
    return {
      problem: `must be ${MI_SOCKET_FORM}, not ${JSON.stringify(text)}: Node.js has no UNIX datagram sockets; use mi_fifo for callers on this machine`,
    };
  }
  const rest = /^udp:(.+)$/.exec(text)?.[1];
  // 0 also stands for "no port" here.
  const at = rest === undefined ? null : parseHostPort(rest, 0);
  if (at === null || isIP(at.host) === 0 || !/:\d+$/.test(text)) {
    return { problem: `must be ${MI_SOCKET_FORM}, not ${JSON.stringify(text)}` };
  }
  if (!isLoopback(at.host)) {
    return {
      problem: `must have a loopback address, not ${at.host}: datagrams carry no token, and anybody could send them; use httpd with a token from elsewhere`,
    };
  }
  return { value: { ip: at.host, port: at.port } };
}

export function parseUpstream(text: string): Parsed<NextHop> {
  if (text === 'to_path') {
    return { problem: 'to_path stands alone, as in upstream: to_path' };
  }
  const parts = schemeAndRest(text);
  const at = parts === null ? null : parseHostPort(parts.rest, MSRP_PORT);
  if (parts === null || at === null) return { problem: `must be ${UPSTREAM_FORM}, not ${JSON.stringify(text)}` };
  if (at.port === 0) return { problem: `must have a port from 1 to 65535, not 0` };
  return { value: { proto: parts.proto, host: at.host, port: at.port } };
}

/** An address or a range of addresses. */
export function parseRange(text: string): Parsed<Cidr> {
  const cidr = parseCidr(text);
  return cidr === null ? { problem: `must be ${CIDR_FORM}, not ${JSON.stringify(text)}` } : { value: cidr };
}

const ALLOWED = /^(?<range>\[[^\]]+\](?:\/\d+)?|[^:[\]]+|[^[\]/]+\/\d+)(?::(?<from>\d{1,5})(?:-(?<to>\d{1,5}))?)?$/;

/** An entry of to_path.allow. */
export function parseAllowed(text: string): Parsed<SocketRange> {
  const problem = `must be ${ALLOWED_FORM}, not ${JSON.stringify(text)}`;
  // A whole IPv6 address first: its last group is no port.
  const groups = parseCidr(text) === null ? ALLOWED.exec(text)?.groups : { range: text };
  const cidr = parseCidr(groups?.['range'] ?? '');
  if (cidr === null) return { problem };
  const from = Number(groups?.['from'] ?? MSRP_PORT);
  const to = Number(groups?.['to'] ?? from);
  if (from < 1 || to > 65_535 || to < from) return { problem };
  return { value: { ...cidr, ports: [from, to] } };
}

/** Reads one or, as in opensips.cfg, several separated by commas. */
export function parseAddressPatterns(text: string): Parsed<readonly AddressPattern[]> {
  const patterns = text.split(',').map((part) => addressPattern(part.trim()));
  const wanted = patterns.filter((pattern) => pattern !== null);
  if (wanted.length < patterns.length) return { problem: `must be ${MATCH_ADDRESS_FORM}, not ${JSON.stringify(text)}` };
  return { value: wanted };
}

function addressPattern(text: string): AddressPattern | null {
  if (text === '*') return { ip: null, port: null };
  if (isIP(text) !== 0) return { ip: text, port: null };
  // 0 stands for "no port" here: no socket that is connected has it.
  const at = parseHostPort(text, 0);
  if (at === null || isIP(at.host) === 0) return null;
  return { ip: at.host, port: at.port === 0 ? null : at.port };
}

function schemeAndRest(text: string): { readonly proto: Proto; readonly rest: string } | null {
  const [, scheme, rest] = /^(msrps?):(.+)$/.exec(text) ?? [];
  if (rest === undefined) return null;
  return { proto: scheme === 'msrps' ? 'msrps' : 'msrp', rest };
}
