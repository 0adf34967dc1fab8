import { isIPv4, isIPv6 } from 'node:net';

/** An IP address without brackets, and a port (0 to 65535; 0 where it does not exist). */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** A next hop or receiver as a user writes it: `host` is a name or an IP address without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** The port that IANA registered for MSRP, in a URI that names none too [RFC 4975 §6, §15.4]. */
export const MSRP_PORT = 2855;

/** What stands where an address does not exist, as before a connect. */
export const UNSPECIFIED: Endpoint = { ip: '0.0.0.0', port: 0 };
export const UNSPECIFIED_V6: Endpoint = { ip: '::', port: 0 };

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d; everyone else knows them as a.b.c.d. */
export function plainIp(ip: string): string {
  return MAPPED.exec(ip)?.[1] ?? ip;
}

export function endpoint(ip: string | undefined, port: number | undefined): Endpoint {
  return ip === undefined || ip === '' ? UNSPECIFIED : { ip: plainIp(ip), port: port ?? 0 };
}

/**
 * Whether a connection leads to itself: TCP lets a socket connect to itself [RFC 9293 §3.5, simultaneous open], and does when
 * the port that is dialled is one of this machine's, nobody listens there, and the kernel happens to choose it as the
 * source port.
 */
export function isSameSocket(near: Endpoint, far: Endpoint): boolean {
  return near.port === far.port && near.ip === far.ip;
}

/** `ip:port` or `[v6]:port`. */
export function formatEndpoint({ ip, port }: Endpoint): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export function formatHostPort({ host, port }: HostPort): string {
  return formatEndpoint({ ip: host, port });
}

const HOST_PORT = /^(?:\[(?<v6>[^\]]*)\]|(?<host>[^:[\]]*))(?::(?<port>\d{1,5}))?$/;
const NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*\.?$/i;

/**
 * Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
 * @param defaultPort used when the text names none
 * @returns null when the text is none of these
 */
export function parseHostPort(text: string, defaultPort: number): HostPort | null {
  const groups = HOST_PORT.exec(text)?.groups;
  if (groups === undefined) return null;
  const port = groups['port'] === undefined ? defaultPort : Number(groups['port']);
  if (port > 65535) return null;
  const v6 = groups['v6'];
  if (v6 !== undefined) return isIPv6(v6) ? { host: v6, port } : null;
  const host = groups['host'] ?? '';
  // All digits and dots is meant as an address, and one that is not valid must not be looked up as a name.
  if (/^[\d.]+$/.test(host)) return isIPv4(host) ? { host, port } : null;
  return NAME.test(host) ? { host, port } : null;
}

/** `::ffff:a.b.c.d` as URLs write it. */
const MAPPED_HEX = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * One spelling for one address: `::1` and `0:0:0:0:0:0:0:1` are the same, so are `::ffff:7f00:1` and `127.0.0.1`. A name
 * stays as it is.
 */
export function canonicalIp(ip: string): string {
  const plain = plainIp(ip);
  if (!isIPv6(plain) || plain.includes('%')) return plain;
  const canonical = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const mapped = MAPPED_HEX.exec(canonical);
  return mapped === null ? canonical : `${octetPair(mapped[1])}.${octetPair(mapped[2])}`;
}

/** The same of where something listens. */
export function canonicalEndpoint({ ip, port }: Endpoint): Endpoint {
  return { ip: canonicalIp(ip), port };
}

function octetPair(group = '0'): string {
  const value = Number.parseInt(group, 16);
  return `${value >> 8}.${value & 0xff}`;
}

/** Whether a socket bound to `ip` takes connections to all addresses of the machine. */
export function isEveryAddress(ip: string): boolean {
  const canonical = canonicalIp(ip);
  return canonical === '0.0.0.0' || canonical === '::';
}

/** Whether only this machine can reach a socket bound to `ip`. */
export function isLoopback(ip: string): boolean {
  const canonical = canonicalIp(ip);
  return canonical === '::1' || canonical === 'localhost' || (isIPv4(canonical) && canonical.startsWith('127.'));
}
