/** crl_dir and crl_check_all: whether one of the certificates that a peer was verified with is revoked. */
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import type { Crl } from './tls-crl.js';

/** As OpenSSL names them, and node:tls its errors. */
export type RevocationCode = 'CERT_REVOKED' | 'UNABLE_TO_GET_CRL' | 'CRL_HAS_EXPIRED' | 'CRL_NOT_YET_VALID';

export class RevocationError extends Error {
  readonly code: RevocationCode;

  constructor(code: RevocationCode, { subject, serialNumber }: X509Certificate) {
    super(`${code}: ${subject.replaceAll('\n', ', ')}, serial number ${serialNumber}`);
    this.name = 'RevocationError';
    this.code = code;
  }
}

/** @param certificate of the peer, as node:tls gives it when the chain was verified; undefined: all is well */
export type RevocationCheck = (certificate: PeerCertificate, now?: Date) => RevocationError | undefined;

/**
 * @param all crl_check_all
 * @param cas of the domain. Some releases of Node.js give a server no certificate above the client's own
 * (nodejs/node#65579): a CA that stands here is found all the same.
 */
export function revocationCheck(crls: readonly Crl[], all: 0 | 1, cas: readonly X509Certificate[]): RevocationCheck {
  return (certificate, now = new Date()) => {
    const chain = chainOf(certificate, cas);
    const checked = all === 1 ? chain : chain.slice(0, 1);
    for (const [index, each] of checked.entries()) {
      // The last one of a chain that was verified signed itself.
      const code = judge(crls, each, chain[index + 1] ?? each, now);
      if (code !== null) return new RevocationError(code, each);
    }
    return undefined;
  };
}

function judge(
  crls: readonly Crl[],
  certificate: X509Certificate,
  issuer: X509Certificate,
  now: Date,
): RevocationCode | null {
  const ofIssuer = crls.filter((crl) => crl.isOf(issuer.publicKey));
  // What an old list revoked is revoked still.
  if (ofIssuer.some((crl) => crl.isRevoked(certificate))) return 'CERT_REVOKED';
  const notOld = ofIssuer.filter(({ nextUpdate }) => nextUpdate === null || now <= nextUpdate);
  if (notOld.some(({ thisUpdate }) => thisUpdate <= now)) return null;
  if (ofIssuer.length === 0) return 'UNABLE_TO_GET_CRL';
  return notOld.length === 0 ? 'CRL_HAS_EXPIRED' : 'CRL_NOT_YET_VALID';
}

/** Longer chains than OpenSSL verifies (100) do not come here. */
const LONGEST_CHAIN = 100;

/** The peer's own first. */
function chainOf(certificate: PeerCertificate, cas: readonly X509Certificate[]): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: PeerCertificate | undefined = certificate;
  while (next !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(new X509Certificate(next.raw));
    const above: PeerCertificate | undefined = isDetailed(next) ? next.issuerCertificate : undefined;
    next = above === next ? undefined : above;
  }
  for (let above = issuerIn(cas, chain); above !== undefined && chain.length < LONGEST_CHAIN;) {
    chain.push(above);
    above = issuerIn(cas, chain);
  }
  return chain;
}

/** Of the last one of a chain; undefined when that signed itself, or another CA did. */
function issuerIn(cas: readonly X509Certificate[], chain: readonly X509Certificate[]): X509Certificate | undefined {
  const last = chain.at(-1);
  if (last === undefined || last.verify(last.publicKey)) return undefined;
  return cas.find((ca) => last.checkIssued(ca) && last.verify(ca.publicKey));
}

function isDetailed(certificate: PeerCertificate): certificate is DetailedPeerCertificate {
  return 'issuerCertificate' in certificate && certificate.issuerCertificate !== undefined;
}
