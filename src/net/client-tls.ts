import { createSecureContext } from 'node:tls';
import type { Endpoint } from '../lib/address.js';
import type { ReadyClientDomain } from './dial.js';
import { type ClientDomain, pickClientDomain } from './tls-domain.js';
import { loadDomain } from './tls-files.js';

/**
 * Reads the files of all client_domains.
 * @returns the one for an address that is dialled, and the next hop or destination as configured
 * @throws MsrptapError tls_domain_invalid
 */
export function loadClientTls(
  domains: Readonly<Record<string, ClientDomain>>,
): (address: Endpoint, host: string) => ReadyClientDomain {
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
