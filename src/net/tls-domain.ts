/**
 * TLS domains as OpenSIPS' tls_mgm has them: which certificate is shown, and which certificates are asked for, on which
 * sockets and for which names. The most specific domain that matches is used.
 */
import { canonicalIp, isEveryAddress, type Endpoint } from '../lib/address.js';

/** `ip`, `ip:port` or `*`; null stands for any. */
export interface AddressPattern {
  readonly ip: string | null;
  readonly port: number | null;
}

/** From the oldest on. */
export const TLS_VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

interface TlsDomain {
  readonly name: string;
  /** Servers: the own socket. Clients: the address that is dialled. */
  readonly match_ip_address: readonly AddressPattern[];
  /** `*`, a name, or `*.name`. Servers: the SNI. Clients: the host as configured. */
  readonly match_sip_domain: readonly string[];
  readonly tls_method: { readonly min: TlsVersion; readonly max: TlsVersion };
  /** 1: the certificate of the peer is verified (a server asks for one, then). */
  readonly verify_cert: 0 | 1;
  /** Absolute paths of a file and of a folder; the CAs of both. Without either: the CAs that come with Node.js. */
  readonly ca_list: string | null;
  readonly ca_dir: string | null;
  /** An absolute path of a folder; null: revocation is not looked at. */
  readonly crl_dir: string | null;
  /** 1: of all certificates of the chain, 0: of the peer's own. */
  readonly crl_check_all: 0 | 1;
  /** As openssl-ciphers(1) has it; null: Node's default. */
  readonly ciphers_list: string | null;
  /** Names of curves and groups with `:` between them; null: Node's default. */
  readonly ec_curve: string | null;
  /** An absolute path; null: no ephemeral Diffie-Hellman over finite fields with TLS 1.2. */
  readonly dh_params: string | null;
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
  ca_dir: null,
  crl_dir: null,
  crl_check_all: 0,
  ciphers_list: null,
  ec_curve: null,
  dh_params: null,
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
  return pick(Object.values(domains), { ip, port }, sni ?? '');
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
  return pick(Object.values(domains), { ip, port }, host ?? '') ?? DEFAULT_CLIENT_DOMAIN;
}

/** Whether a listener on `socket` can use the domain for one of its addresses: 0.0.0.0 and :: stand for all of them. */
export function servesSocket(domain: Pick<ServerDomain, 'match_ip_address'>, socket: Endpoint): boolean {
  const every = isEveryAddress(socket.ip);
  return domain.match_ip_address.some(
    ({ ip, port }) =>
      (port === null || port === socket.port) && (ip === null || every || canonicalIp(ip) === canonicalIp(socket.ip)),
  );
}

/** Whether the range goes below TLS 1.2: RFC 8996 deprecates what is there. */
export function hasDeprecatedVersion({ tls_method }: Pick<TlsDomain, 'tls_method'>): boolean {
  return TLS_VERSIONS.indexOf(tls_method.min) < TLS_VERSIONS.indexOf('TLSv1.2');
}

/**
 * As OpenSIPS: first the address decides, and where one domain names it, those for any address are out of the question,
 * whatever the name. Among what is left, a name goes before a wildcard, and a wildcard before `*`. Equals: the first one.
 */
function pick<Domain extends TlsDomain>(domains: readonly Domain[], address: Endpoint, name: string): Domain | null {
  const closest = Math.max(...domains.map((domain) => addressRank(domain, address)));
  if (closest <= 0) return null;
  const named = domains.filter((domain) => addressRank(domain, address) === closest);
  const best = Math.max(...named.map((domain) => nameRank(domain, name)));
  return best <= 0 ? null : (named.find((domain) => nameRank(domain, name) === best) ?? null);
}

/** 0: no match. */
function addressRank({ match_ip_address }: TlsDomain, { ip, port }: Endpoint): number {
  const ranks = match_ip_address.map((pattern) => {
    if (pattern.port !== null && pattern.port !== port) return 0;
    if (pattern.ip !== null && canonicalIp(pattern.ip) !== canonicalIp(ip)) return 0;
    return 1 + (pattern.ip === null ? 0 : 2) + (pattern.port === null ? 0 : 1);
  });
  return Math.max(...ranks);
}

/** 0: no match. */
function nameRank({ match_sip_domain }: TlsDomain, name: string): number {
  const ranks = match_sip_domain.map((pattern) => {
    if (pattern === '*') return 1;
    if (!matchesName(pattern, name)) return 0;
    // Of two wildcards, the one that says more.
    return pattern.startsWith('*.') ? 1 + pattern.length : Number.MAX_SAFE_INTEGER;
  });
  return Math.max(...ranks);
}

/** As OpenSIPS (fnmatch), `*.example.com` takes any number of labels; the certificate still decides what it covers. */
function matchesName(pattern: string, name: string): boolean {
  const wanted = withoutFinalDot(pattern.toLowerCase());
  const given = withoutFinalDot(name.toLowerCase());
  if (!wanted.startsWith('*.')) return given === wanted;
  const suffix = wanted.slice(1);
  return given.length > suffix.length && given.endsWith(suffix);
}

function withoutFinalDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
