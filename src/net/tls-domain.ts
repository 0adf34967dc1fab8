/**
 * TLS domains as OpenSIPS' tls_mgm has them: which certificate is shown, and which certificates are asked for, on which
 * sockets and for which names. The first domain that matches is used.
 */
import { canonicalIp, isEveryAddress, type Endpoint } from '../lib/address.js';

/** `ip`, `ip:port` or `*`; null stands for any. */
export interface AddressPattern {
  readonly ip: string | null;
  readonly port: number | null;
}

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

interface TlsDomain {
  readonly name: string;
  /** Servers: the own socket. Clients: the address that is dialled. */
  readonly match_ip_address: readonly AddressPattern[];
  /** `*`, a name, or `*.name`. Servers: the SNI. Clients: the host as configured. */
  readonly match_sip_domain: readonly string[];
  readonly tls_method: { readonly min: TlsVersion; readonly max: TlsVersion };
  /** 1: the certificate of the peer is verified (a server asks for one, then). */
  readonly verify_cert: 0 | 1;
  /** An absolute path; null: the CAs that come with Node.js. */
  readonly ca_list: string | null;
}

export interface ServerDomain extends TlsDomain {
  readonly kind: 'server_domain';
  /** Absolute paths. */
  readonly certificate: string;
  readonly private_key: string;
  /** 1: a client without a certificate is refused. Without verify_cert none is asked for, as in OpenSIPS. */
  readonly require_cert: 0 | 1;
}

export interface ClientDomain extends TlsDomain {
  readonly kind: 'client_domain';
  /** Absolute paths; both or none. */
  readonly certificate: string | null;
  readonly private_key: string | null;
}

/** What a TLS connection to a next hop or destination gets that no client_domain matches. */
export const DEFAULT_CLIENT_DOMAIN: ClientDomain = {
  kind: 'client_domain',
  name: '',
  match_ip_address: [{ ip: null, port: null }],
  match_sip_domain: ['*'],
  tls_method: { min: 'TLSv1.2', max: 'TLSv1.3' },
  verify_cert: 1,
  ca_list: null,
  certificate: null,
  private_key: null,
};

/** @returns the domain for a handshake on the own socket `ip`:`port`, or null when none matches */
export function pickServerDomain(
  domains: Readonly<Record<string, ServerDomain>>,
  ip: string,
  port: number,
  /** '' or undefined when the client sent none; only `*` matches that. */
  sni?: string,
): ServerDomain | null {
  return Object.values(domains).find((domain) => matches(domain, { ip, port }, sni)) ?? null;
}

/**
 * @param host the next hop or destination as configured, when that is a name
 * @returns the domain for a connection to `ip`:`port`, {@link DEFAULT_CLIENT_DOMAIN} when none matches
 */
export function pickClientDomain(
  domains: Readonly<Record<string, ClientDomain>>,
  ip: string,
  port: number,
  host?: string,
): ClientDomain {
  return Object.values(domains).find((domain) => matches(domain, { ip, port }, host)) ?? DEFAULT_CLIENT_DOMAIN;
}

/** Whether a listener on `socket` can use the domain for one of its addresses: 0.0.0.0 and :: stand for all of them. */
export function servesSocket(domain: Pick<ServerDomain, 'match_ip_address'>, socket: Endpoint): boolean {
  const every = isEveryAddress(socket.ip);
  return domain.match_ip_address.some(
    ({ ip, port }) =>
      (port === null || port === socket.port) && (ip === null || every || canonicalIp(ip) === canonicalIp(socket.ip)),
  );
}

function matches(domain: TlsDomain, address: Endpoint, name: string | undefined): boolean {
  return (
    domain.match_ip_address.some((pattern) => matchesAddress(pattern, address)) &&
    domain.match_sip_domain.some((pattern) => matchesName(pattern, name ?? ''))
  );
}

function matchesAddress(pattern: AddressPattern, { ip, port }: Endpoint): boolean {
  if (pattern.port !== null && pattern.port !== port) return false;
  return pattern.ip === null || canonicalIp(pattern.ip) === canonicalIp(ip);
}

/** As OpenSIPS (fnmatch), `*.example.com` takes any number of labels; the certificate still decides what it covers. */
function matchesName(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  const wanted = withoutFinalDot(pattern.toLowerCase());
  const given = withoutFinalDot(name.toLowerCase());
  if (!wanted.startsWith('*.')) return given === wanted;
  const suffix = wanted.slice(1);
  return given.length > suffix.length && given.endsWith(suffix);
}

function withoutFinalDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
