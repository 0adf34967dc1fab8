import { createSecureContext } from 'node:tls';
import type { Endpoint } from '../lib/address.js';
import type { ReadyDomain, ServerTls } from './listener.js';
import { type ServerDomain, pickServerDomain } from './tls-domain.js';
import { loadDomain } from './tls-files.js';

/**
 * Reads the files of all server_domains.
 * @returns what a listener asks for each of its own addresses that a client connects to; null: no domain is for that one
 * @throws MsrptapError tls_domain_invalid
 */
export function loadServerTls(domains: Readonly<Record<string, ServerDomain>>): (near: Endpoint) => ServerTls | null {
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
