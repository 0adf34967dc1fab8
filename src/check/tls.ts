import { statSync } from 'node:fs';
import type { LoadedDomain } from '../net/tls-files.js';
import type { ClientDomain, ServerDomain } from '../net/tls-domain.js';

const DAY = 86_400_000;
/** A certificate that ends sooner is worth a word: most CAs renew theirs 30 days before. */
const SOON = 30 * DAY;
/** Read permission for others [chmod(2)]. */
const OTHERS_READ = 0o004;

/** What is risky about a domain that loads. */
export function tlsRisks(domain: ServerDomain | ClientDomain, { certificate }: LoadedDomain, now: Date): string[] {
  const path = `tls_mgm.${domain.kind}.${domain.name}`;
  const risks: string[] = [];
  if (domain.kind === 'client_domain' && domain.verify_cert === 0) {
    risks.push(`${path}.verify_cert: 0 accepts whoever answers as the next hop; set 1, and ca_list to its CA`);
  }
  if (domain.kind === 'server_domain' && domain.verify_cert === 1 && domain.ca_list === null) {
    risks.push(
      `${path}.ca_list: without it client certificates are verified against the public CAs that come with Node.js; set it to the CA of your clients, or verify_cert: 0 when they have no certificates`,
    );
  }
  if (certificate !== null && Date.parse(certificate.validTo) - now.getTime() < SOON) {
    risks.push(`${path}.certificate: ${domain.certificate} expires on ${certificate.validTo}; set one that is renewed`);
  }
  if (domain.private_key !== null && (statSync(domain.private_key).mode & OTHERS_READ) !== 0) {
    risks.push(`${path}.private_key: every user of this machine can read ${domain.private_key}; set its mode to 600`);
  }
  return risks;
}
