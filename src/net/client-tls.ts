import { type SecureContext, type SecureContextOptions, createSecureContext } from 'node:tls';
import type { Endpoint } from '../lib/address.js';
import { type ClientDomain, pickClientDomain } from './tls-domain.js';
import { loadDomain } from './tls-files.js';

/** A tls_mgm client_domain, ready for use. */
export interface ReadyClientDomain {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  readonly verify_cert: 0 | 1;
}

/** The client_domain for an address that is dialled; `host`: the next hop or destination as configured. */
export type ClientTls = (address: Endpoint, host: string) => ReadyClientDomain;

/**
 * Reads the files of all client_domains.
 * @throws MsrptapError tls_domain_invalid
 */
export function loadClientTls(domains: Readonly<Record<string, ClientDomain>>): ClientTls {
  const ready = new Map<ClientDomain, ReadyClientDomain>();
  const load = (domain: ClientDomain): ReadyClientDomain => {
    const { options } = loadDomain(domain);
    const loaded = { options, context: createSecureContext(options), verify_cert: domain.verify_cert };
    ready.set(domain, loaded);
    return loaded;
  };
  for (const domain of Object.values(domains)) load(domain);
  return ({ ip, port }, host) => {
    const domain = pickClientDomain(domains, ip, port, host);
    return ready.get(domain) ?? load(domain);
  };
}
