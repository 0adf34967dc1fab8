import { statSync } from 'node:fs';
import type { Config } from '../config.js';
import type { LoadedDomain } from '../net/tls-files.js';
import { hasDeprecatedVersion, type ClientDomain, type ServerDomain } from '../net/tls-domain.js';

const DAY = 86_400_000;
/** A certificate that ends sooner is worth a word: most CAs renew theirs 30 days before. */
const SOON = 30 * DAY;
/** Read permission for others [chmod(2)]. */
const OTHERS_READ = 0o004;

/** Versions that RFC 8996 deprecates; the log warns of them at start too. */
export function versionRisks({ tls_mgm }: Pick<Config, 'tls_mgm'>): string[] {
  const domains = [...Object.values(tls_mgm.server_domain), ...Object.values(tls_mgm.client_domain)];
  return domains.filter(hasDeprecatedVersion).map(({ kind, name, tls_method: { min, max }, ciphers_list }) => {
    const level =
      ciphers_list?.includes('@SECLEVEL=') === true
        ? 'OpenSSL has them at the security level 0 only (@SECLEVEL=0 in ciphers_list)'
        : 'OpenSSL has them at its security level 0 only, which the domain gets for all versions';
    const range = min === max ? min : `${min} to ${max}`;
    return `tls_mgm.${kind}.${name}.tls_method: ${range} has versions with broken ciphers and signatures (RFC 8996), and ${level}; set TLSv1_2-TLSv1_3, or keep this domain to the addresses and names of old peers`;
  });
}

/** What is risky about a domain that loads. */
export function tlsRisks(domain: ServerDomain | ClientDomain, { certificates }: LoadedDomain, now: Date): string[] {
  const path = `tls_mgm.${domain.kind}.${domain.name}`;
  const risks: string[] = [];
  if (domain.kind === 'client_domain' && domain.verify_cert === 0) {
    risks.push(`${path}.verify_cert: 0 accepts whoever answers as the next hop; set 1, and ca_list to its CA`);
  }
  if (
    domain.kind === 'server_domain' &&
    domain.verify_cert === 1 &&
    domain.ca_list === null &&
    domain.ca_dir === null
  ) {
    risks.push(
      `${path}.ca_list: without it client certificates are verified against the public CAs that come with Node.js; set it, or ca_dir, to the CA of your clients, or verify_cert: 0 when they have no certificates`,
    );
  }
  if (domain.verify_cert === 0 && domain.crl_dir !== null) {
    risks.push(
      `${path}.crl_dir: with verify_cert: 0 no certificate is verified, and no CRL is looked at; set verify_cert: 1`,
    );
  }
  const soonOver = certificates.find(({ validTo }) => Date.parse(validTo) - now.getTime() < SOON);
  if (soonOver !== undefined) {
    risks.push(`${path}.certificate: ${domain.certificate} expires on ${soonOver.validTo}; set one that is renewed`);
  }
  if (domain.private_key !== null && (statSync(domain.private_key).mode & OTHERS_READ) !== 0) {
    risks.push(`${path}.private_key: every user of this machine can read ${domain.private_key}; set its mode to 600`);
  }
  return risks;
}
