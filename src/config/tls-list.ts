/** The TLS domains as MI lists them (tls_list): what the configuration says, and when the certificate in force ends. */
import type { AddressPattern, ClientDomain, ServerDomain, TlsVersion } from '../net/tls-domain.js';
import { formatEndpoint } from '../lib/address.js';
import type { Config } from './types.js';

export interface TlsDomainInfo {
  readonly side: 'server' | 'client';
  readonly name: string;
  /** `*`, `ip` or `ip:port`. */
  readonly match_ip_address: readonly string[];
  readonly match_sip_domain: readonly string[];
  /** As opensips.cfg writes it: `TLSv1_2-TLSv1_3`, or one version. */
  readonly tls_method: string;
  readonly verify_cert: 0 | 1;
  /** 0 for a client_domain, as in OpenSIPS: a server always presents one. */
  readonly require_cert: 0 | 1;
  readonly crl_check_all: 0 | 1;
  /** Absolute paths; null where none is set. */
  readonly certificate: string | null;
  readonly private_key: string | null;
  readonly ca_list: string | null;
  readonly ca_dir: string | null;
  readonly crl_dir: string | null;
  readonly dh_params: string | null;
  readonly ciphers_list: string | null;
  readonly ec_curve: string | null;
  /** Seconds since 1970; null without a certificate. */
  readonly expires: number | null;
}

/** Series of the metric {@link EXPIRY_METRIC}: its labels, and its value. */
type ExpirySeries = readonly (readonly [Readonly<Record<string, string>>, number])[];

/** In `Figures`, which a carrier has for all its workers. */
export const EXPIRY_METRIC = 'tls_certificate_expiry_timestamp_seconds';

/** Server domains first, in the order of the file. */
export function listTlsDomains({ tls_mgm }: Pick<Config, 'tls_mgm'>, expiries: ExpirySeries = []): TlsDomainInfo[] {
  const domains = [...Object.values(tls_mgm.server_domain), ...Object.values(tls_mgm.client_domain)];
  return domains.map((domain) => infoOf(domain, expiries));
}

function infoOf(domain: ServerDomain | ClientDomain, expiries: ExpirySeries): TlsDomainInfo {
  const { kind, match_ip_address, match_sip_domain, tls_method, ...others } = domain;
  const side = kind === 'server_domain' ? 'server' : 'client';
  const expiry = expiries.find(([labels]) => labels['side'] === side && labels['domain'] === domain.name);
  return {
    require_cert: 0,
    ...others,
    side,
    match_ip_address: match_ip_address.map(formatPattern),
    match_sip_domain,
    tls_method: methodOf(tls_method),
    expires: expiry?.[1] ?? null,
  };
}

function formatPattern({ ip, port }: AddressPattern): string {
  if (ip === null) return '*';
  return port === null ? ip : formatEndpoint({ ip, port });
}

function methodOf({ min, max }: { readonly min: TlsVersion; readonly max: TlsVersion }): string {
  const [from, to] = [min, max].map((version) => version.replace('.', '_'));
  return from === to ? `${from}` : `${from}-${to}`;
}
