/** The domains of tls_mgm, in the words of OpenSIPS' tls_list. */
import type { Config } from '../config.js';
import type { TlsDomainFacts } from '../control/commands.js';
import { formatEndpoint } from '../lib/address.js';
import type { AddressPattern, ClientDomain, ServerDomain } from '../net/tls-domain.js';

export function tlsDomains({ tls_mgm }: Pick<Config, 'tls_mgm'>): readonly TlsDomainFacts[] {
  return [...Object.values(tls_mgm.server_domain), ...Object.values(tls_mgm.client_domain)].map(factsOf);
}

function factsOf(domain: ServerDomain | ClientDomain): TlsDomainFacts {
  const { min, max } = domain.tls_method;
  return {
    name: domain.name,
    kind: domain.kind,
    addresses: domain.match_ip_address.map(patternText),
    names: domain.match_sip_domain,
    method: min === max ? methodText(min) : `${methodText(min)}-${methodText(max)}`,
    verifyCert: domain.verify_cert === 1,
    requireCert: domain.kind === 'server_domain' && domain.require_cert === 1,
    crlCheckAll: domain.crl_check_all === 1,
    certificate: domain.certificate ?? '',
    privateKey: domain.private_key ?? '',
    caList: domain.ca_list ?? '',
    caDir: domain.ca_dir ?? '',
    crlDir: domain.crl_dir ?? '',
    ciphers: domain.ciphers_list ?? '',
    dhParams: domain.dh_params ?? '',
    ecCurve: domain.ec_curve ?? '',
  };
}

function patternText({ ip, port }: AddressPattern): string {
  if (ip === null) return port === null ? '*' : `*:${port}`;
  return port === null ? ip : formatEndpoint({ ip, port });
}

/** TLSv1.2 is TLSv1_2 in a configuration. */
function methodText(version: string): string {
  return version.replace('.', '_');
}
