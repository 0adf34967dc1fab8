/** Why TLS failed, from what OpenSSL and node:tls say. */
import type { Reason } from '../lib/reasons.js';

type Table = readonly (readonly [RegExp, Reason])[];

/** OpenSSL's X509_V_ERR_* names as Node.js has them, and Node's own for the name. */
const VERIFICATION: Table = [
  [/^CERT_REVOKED$/, 'tls_certificate_revoked'],
  [/^(?:UNABLE_TO_GET_CRL|UNABLE_TO_DECRYPT_CRL|ERROR_IN_CRL|CRL_)/, 'tls_crl_unusable'],
  [/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/, 'tls_certificate_expired'],
  [/^(?:ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, 'tls_certificate_wrong_name'],
  [
    /^(?:UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|CERT_UNTRUSTED)/,
    'tls_certificate_untrusted',
  ],
  [/^(?:CERT_|UNABLE_TO_|ERROR_IN_CERT|INVALID_(?:CA|PURPOSE)|PATH_LENGTH)/, 'tls_certificate_invalid'],
];

/** Alerts of the peer [RFC 8446 §6] about the certificate that it was shown, or not. */
const CERTIFICATE_ALERTS: Table = [
  [/_ALERT_CERTIFICATE_REQUIRED$/, 'tls_certificate_required'],
  [/_ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+)$/, 'tls_certificate_refused'],
];

/** Other errors of OpenSSL, and alerts. */
const HANDSHAKE: Table = [
  [
    /_(?:ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|WRONG_SSL_VERSION|NO_PROTOCOLS_AVAILABLE)$/,
    'tls_version_mismatch',
  ],
  [
    /_(?:NO_SHARED_CIPHER|NO_SUITABLE_\w+|NO_SHARED_\w+|ALERT_INSUFFICIENT_SECURITY|DH_KEY_TOO_SMALL)$/,
    'tls_cipher_mismatch',
  ],
  // What OpenSSL says of a first record that is none.
  [/^ERR_SSL_(?:WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST)$/, 'tls_expected'],
];

/** @param code of an error of OpenSSL; null: it is of something else */
export function reasonOfCertificateAlert(code: string): Reason | null {
  return lookUp(CERTIFICATE_ALERTS, code);
}

/** @param code of a verification that failed; null: it is of something else */
export function reasonOfVerification(code: string): Reason | null {
  return lookUp(VERIFICATION, code);
}

/** Why a TLS handshake did not come to an end. */
export function reasonOfHandshakeError({ code = '' }: NodeJS.ErrnoException): Reason {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'tls_handshake_timeout';
  return lookUp([...VERIFICATION, ...CERTIFICATE_ALERTS, ...HANDSHAKE], code) ?? 'tls_handshake_failed';
}

function lookUp(table: Table, code: string): Reason | null {
  return table.find(([pattern]) => pattern.test(code))?.[1] ?? null;
}
