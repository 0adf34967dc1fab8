import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/**
 * Whether a server's certificate is for `host`, a name or an address, as node:tls tells; but also where that finds no
 * IPv6 address in any certificate, as in Node.js 22.23, 24.17 and 26.4 (nodejs/node#64144).
 * @returns the error that node:tls has for one that is not
 */
export function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(host, certificate);
  if (error === undefined || !isIPv6(host)) return error;
  return new X509Certificate(certificate.raw).checkIP(host) === undefined ? error : undefined;
}
