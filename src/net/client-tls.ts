import { type PeerCertificate, type SecureContext, type SecureContextOptions, createSecureContext } from 'node:tls';
import type { Endpoint } from '../lib/address.js';
import { checkIdentity } from '../lib/server-identity.js';
import { type ClientDomain, pickClientDomain } from './tls-domain.js';
import { type CertificateExpiry, expiryOf } from './tls-expiry.js';
import { loadDomain } from './tls-files.js';

/** A tls_mgm client_domain, ready for use. */
export interface ReadyClientDomain {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  readonly verify_cert: 0 | 1;
  /** What is left to verify when the chain is good: name and revocation. @returns the error, or undefined when all is well */
  readonly checkServer: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** The client_domain for an address that is dialled; `host`: the next hop or destination as configured. */
export type ClientTls = (address: Endpoint, host: string) => ReadyClientDomain;

/** All client_domains. */
export interface LoadedClientTls {
  readonly domainFor: ClientTls;
  readonly expiries: readonly CertificateExpiry[];
}

/**
 * Reads the files of all client_domains.
 * @throws MsrptapError tls_domain_invalid
 */
export function loadClientTls(domains: Readonly<Record<string, ClientDomain>>): LoadedClientTls {
  const ready = new Map<ClientDomain, ReadyClientDomain>();
  const expiries: CertificateExpiry[] = [];
  const load = (domain: ClientDomain): ReadyClientDomain => {
    const { options, revocation, certificates } = loadDomain(domain);
    const loaded: ReadyClientDomain = {
      options,
      context: createSecureContext(options),
      verify_cert: domain.verify_cert,
      checkServer: (host, certificate) => checkIdentity(host, certificate) ?? revocation?.(certificate),
    };
    ready.set(domain, loaded);
    expiries.push(...expiryOf('client', domain.name, certificates));
    return loaded;
  };
  for (const domain of Object.values(domains)) load(domain);
  return {
    domainFor: ({ ip, port }, host) => {
      const domain = pickClientDomain(domains, ip, port, host);
      return ready.get(domain) ?? load(domain);
    },
    expiries,
  };
}
