import type { X509Certificate } from 'node:crypto';

export interface CertificateExpiry {
  readonly side: 'server' | 'client';
  /** Of the domain. */
  readonly domain: string;
  /** Seconds since 1970: when the first certificate of the file ends. */
  readonly expiresAt: number;
}

/** One, or none for a domain without a certificate. */
export function expiryOf(
  side: CertificateExpiry['side'],
  domain: string,
  certificates: readonly X509Certificate[],
): readonly CertificateExpiry[] {
  if (certificates.length === 0) return [];
  const ends = certificates.map(({ validTo }) => Date.parse(validTo) / 1_000);
  return [{ side, domain, expiresAt: Math.min(...ends) }];
}
