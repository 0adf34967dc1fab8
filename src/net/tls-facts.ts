import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Reason } from '../lib/reasons.js';
import { reasonOfCertificateAlert } from './tls-reasons.js';

/** What is known of a TLS connection after its handshake. */
export interface TlsFacts {
  /** As TLS libraries write it: TLSv1.2, TLSv1.3. */
  readonly version: string;
  readonly cipher: string;
  /** The server name of the handshake, '' when none was sent. */
  readonly sni: string;
  /** The certificate the peer presented, or null. */
  readonly peer: { readonly subject: string; readonly names: readonly string[] } | null;
  /** Whether that certificate passed verification. */
  readonly authorized: boolean;
  /** Milliseconds that the handshake took. */
  readonly handshake: number;
}

/** @param startedAt when the handshake began, in milliseconds of performance.now() */
export function tlsFactsOf(socket: TLSSocket, sni: string, startedAt: number): TlsFacts {
  const certificate = socket.getPeerCertificate();
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    sni,
    peer: isPresent(certificate)
      ? { subject: subjectOf(certificate), names: namesOf(certificate.subjectaltname) }
      : null,
    authorized: socket.authorized,
    handshake: performance.now() - startedAt,
  };
}

/** Node gives an empty object for a certificate that was not presented. */
function isPresent(certificate: PeerCertificate | Record<string, never>): certificate is PeerCertificate {
  return 'raw' in certificate;
}

function subjectOf({ subject }: PeerCertificate): string {
  return Object.entries(subject)
    .flatMap(([type, value]) => [value].flat().map((each) => `${type}=${each ?? ''}`))
    .join(', ');
}

/** `DNS:a.example, IP Address:10.0.0.1` → the names alone. */
function namesOf(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .map((entry) => entry.slice(entry.indexOf(':') + 1))
    .filter((name) => name !== '');
}

/** Why a connection that was up broke. */
export function reasonOfSocketError(error: NodeJS.ErrnoException): Reason {
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return 'reset';
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'timed_out';
    // What OpenSSL refuses to write.
    case 'EPROTO':
      return 'tls_error';
    default:
      // With TLS 1.3 a server judges the certificate when the handshake is over for the client.
      return isTlsError(error) ? (reasonOfCertificateAlert(error.code ?? '') ?? 'tls_error') : 'socket_error';
  }
}

function isTlsError(error: NodeJS.ErrnoException): boolean {
  return error.code !== undefined && /^ERR_(?:SSL|TLS|OSSL)_/.test(error.code);
}
