import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Reason } from '../lib/reasons.js';

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
}

export function tlsFactsOf(socket: TLSSocket, sni: string): TlsFacts {
  const certificate = socket.getPeerCertificate();
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    sni,
    peer: isPresent(certificate)
      ? { subject: subjectOf(certificate), names: namesOf(certificate.subjectaltname) }
      : null,
    authorized: socket.authorized,
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
      return isTlsError(error) ? 'tls_error' : 'socket_error';
  }
}

/** Why a TLS handshake did not come to an end. */
export function reasonOfHandshakeError(error: NodeJS.ErrnoException): Reason {
  if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'tls_handshake_timeout';
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID' || VERIFY_ERRORS.test(error.code ?? '')) {
    return 'tls_certificate_invalid';
  }
  return 'tls_handshake_failed';
}

function isTlsError(error: NodeJS.ErrnoException): boolean {
  return error.code !== undefined && /^ERR_(?:SSL|TLS|OSSL)_/.test(error.code);
}

/** OpenSSL's X509_V_ERR_* names as Node reports them. */
const VERIFY_ERRORS =
  /^(?:CERT_|CRL_|UNABLE_TO_|ERROR_IN_CERT|DEPTH_ZERO|SELF_SIGNED|INVALID_(?:CA|PURPOSE)|PATH_LENGTH|HOSTNAME_MISMATCH)/;
