import { createHash } from 'node:crypto';
import { type SecureContext, type SecureContextOptions, createSecureContext } from 'node:tls';
import type { Endpoint } from '../lib/address.js';
import { type ServerDomain, pickServerDomain } from './tls-domain.js';
import { loadDomain } from './tls-files.js';

/** A tls_mgm server_domain, ready for use. */
export interface ReadyDomain {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  readonly verify_cert: 0 | 1;
  readonly require_cert: 0 | 1;
}

/** The server_domains for one address of ours. */
export interface ServerTls {
  /** Whether any of them wants to see a client certificate (verify_cert 1). */
  readonly requestCert: boolean;
  /** The same for equal ways to verify clients: a session that was made under another one is not resumed. */
  readonly sessionContext: string;
  /** The one for a server name, '' when the client sent none; null: none matches. */
  domainFor(sni: string): ReadyDomain | null;
}

/** null: no server_domain is for that address. */
export type TlsByAddress = (near: Endpoint) => ServerTls | null;

/**
 * Reads the files of all server_domains.
 * @returns what a listener asks for each of its own addresses that a client connects to; null: no domain is for that one
 * @throws MsrptapError tls_domain_invalid
 */
export function loadServerTls(domains: Readonly<Record<string, ServerDomain>>): TlsByAddress {
  const ready = new Map<ServerDomain, ReadyDomain>();
  for (const domain of Object.values(domains)) {
    const { options } = loadDomain(domain);
    const { verify_cert, require_cert } = domain;
    ready.set(domain, { options, context: createSecureContext(options), verify_cert, require_cert });
  }
  return ({ ip, port }) => {
    const forAddress = Object.fromEntries(
      Object.entries(domains).filter(([name, domain]) => matchesAddress(name, domain, ip, port)),
    );
    if (Object.keys(forAddress).length === 0) return null;
    return {
      sessionContext: sessionContextOf(ip, port, Object.values(forAddress), ready),
      requestCert: Object.values(forAddress).some(({ verify_cert }) => verify_cert === 1),
      domainFor: (sni) => {
        const domain = pickServerDomain(forAddress, ip, port, sni);
        return domain === null ? null : (ready.get(domain) ?? null);
      },
    };
  };
}

function matchesAddress(name: string, domain: ServerDomain, ip: string, port: number): boolean {
  return pickServerDomain({ [name]: { ...domain, match_sip_domain: ['*'] } }, ip, port) !== null;
}

/** OpenSSL takes 32 octets at most [SSL_CTX_set_session_id_context(3)]. */
const SESSION_CONTEXT_LENGTH = 32;

function sessionContextOf(
  ip: string,
  port: number,
  domains: readonly ServerDomain[],
  ready: ReadonlyMap<ServerDomain, ReadyDomain>,
): string {
  const hash = createHash('sha256').update(`${ip} ${port}`);
  for (const domain of domains) {
    const { name, verify_cert, require_cert } = domain;
    hash.update(`\0${name} ${verify_cert} ${require_cert} ${String(ready.get(domain)?.options.ca ?? '')}`);
  }
  return hash.digest('hex').slice(0, SESSION_CONTEXT_LENGTH);
}
