import type { TLSSocket } from 'node:tls';
import type { Reason } from '../lib/reasons.js';
import type { ReadyDomain } from './server-tls.js';
import type { TlsFacts } from './tls-facts.js';
import { reasonOfVerification } from './tls-reasons.js';

export interface Refusal {
  readonly reason: Reason;
  readonly detail: string;
}

/**
 * tls_mgm: verify_cert asks for a certificate and checks the one that comes; require_cert also insists on one.
 * @returns null for a client that is welcome
 */
export function judgePeer(domain: ReadyDomain, stream: TLSSocket, { peer, authorized }: TlsFacts): Refusal | null {
  if (domain.verify_cert === 0) return null;
  if (peer === null) {
    return domain.require_cert === 1
      ? { reason: 'tls_certificate_required', detail: `server_domain ${domain.name}` }
      : null;
  }
  if (!authorized) {
    // Node.js has the code here, where its types have an error.
    const code = String(stream.authorizationError);
    return { reason: reasonOfVerification(code) ?? 'tls_certificate_invalid', detail: `${code}: ${peer.subject}` };
  }
  const revocation = domain.revocation?.(stream.getPeerCertificate(true));
  if (revocation === undefined) return null;
  return { reason: reasonOfVerification(revocation.code) ?? 'tls_certificate_invalid', detail: revocation.message };
}
