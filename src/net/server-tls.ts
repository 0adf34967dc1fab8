import { createHash } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { Endpoint } from '../lib/address.js';
import { type ServerDomain, pickServerDomain } from './tls-domain.js';
import { type CertificateExpiry, expiryOf } from './tls-expiry.js';
import { type LoadedDomain, loadDomain } from './tls-files.js';
import type { RevocationCheck } from './tls-revocation.js';

/** A tls_mgm server_domain, ready for use. */
export interface ReadyDomain {
  readonly name: string;
  readonly options: SecureContextOptions;
  readonly verify_cert: 0 | 1;
  readonly require_cert: 0 | 1;
  readonly revocation: RevocationCheck | null;
  /** The same for equal ways to verify clients: a session that was made under another one is not resumed. */
  readonly sessionContext: string;
}

/** All server_domains. */
export interface ServerTls {
  /** The one for a handshake on that address of ours; `sni`: '' when the client sent none. null: none matches. */
  domainFor(near: Endpoint, sni: string): ReadyDomain | null;
  readonly expiries: readonly CertificateExpiry[];
}

/**
 * Reads the files of all server_domains.
 * @throws MsrptapError tls_domain_invalid
 */
export function loadServerTls(domains: Readonly<Record<string, ServerDomain>>): ServerTls {
  const ready = new Map<ServerDomain, ReadyDomain>();
  const expiries: CertificateExpiry[] = [];
  for (const domain of Object.values(domains)) {
    const loaded = loadDomain(domain);
    ready.set(domain, readyDomain(domain, loaded));
    expiries.push(...expiryOf('server', domain.name, loaded.certificates));
  }
  return {
    domainFor: ({ ip, port }, sni) => {
      const domain = pickServerDomain(domains, ip, port, sni);
      return domain === null ? null : (ready.get(domain) ?? null);
    },
    expiries,
  };
}

/**
 * Reads the files of one server_domain.
 * @throws MsrptapError tls_domain_invalid
 */
export function loadServerDomain(domain: ServerDomain): ReadyDomain {
  return readyDomain(domain, loadDomain(domain));
}

function readyDomain(domain: ServerDomain, { options, revocation }: LoadedDomain): ReadyDomain {
  const { name, verify_cert, require_cert } = domain;
  return { name, options, verify_cert, require_cert, revocation, sessionContext: sessionContextOf(domain, options) };
}

/** OpenSSL takes 32 octets at most [SSL_CTX_set_session_id_context(3)]. */
const SESSION_CONTEXT_LENGTH = 32;

function sessionContextOf({ name, verify_cert, require_cert }: ServerDomain, { ca }: SecureContextOptions): string {
  const hash = createHash('sha256').update(`${name} ${verify_cert} ${require_cert} ${String(ca ?? '')}`);
  return hash.digest('hex').slice(0, SESSION_CONTEXT_LENGTH);
}
