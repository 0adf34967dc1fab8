/** A TLS domain with its files, checked before anything is served with them. */
import { constants, type X509Certificate } from 'node:crypto';
import { createSecureContext, DEFAULT_CIPHERS, type SecureContextOptions } from 'node:tls';
import { messageOf } from '../lib/errors.js';
import { hasDeprecatedVersion } from './tls-domain.js';
import {
  certificatesIn,
  certificatesInFolder,
  crlsInFolder,
  dhParamsIn,
  keyIn,
  readPem,
  refusal,
  type Domain,
  type DomainKey,
} from './tls-pem.js';
import { revocationCheck, type RevocationCheck } from './tls-revocation.js';

export interface LoadedDomain {
  /** All that OpenSSL is told; whether a certificate is asked for and verified stands in the domain. */
  readonly options: SecureContextOptions;
  /** The own one and those above it, as in the file; none for a client that shows none. */
  readonly certificates: readonly X509Certificate[];
  /** null: without crl_dir. */
  readonly revocation: RevocationCheck | null;
}

/**
 * Reads all files of a domain, and makes sure that TLS can use them.
 * @param now the time that the certificate must be valid at
 * @throws {MsrptapError} tls_domain_invalid: which key of which domain, and what is wrong with it
 */
export function loadDomain(domain: Domain, now = new Date()): LoadedDomain {
  const { certificate, private_key, ca_list, ca_dir, ec_curve, dh_params, crl_dir } = domain;
  const own = certificate === null || private_key === null ? null : identity(domain, certificate, private_key, now);
  const crls = crl_dir === null ? null : crlsInFolder(domain, 'crl_dir', crl_dir);
  const cas = [
    ...(ca_list === null ? [] : certificatesIn(domain, 'ca_list', ca_list)),
    ...(ca_dir === null ? [] : certificatesInFolder(domain, 'ca_dir', ca_dir)),
  ];
  let options: SecureContextOptions = {};
  const add = (key: DomainKey, what: string, more: SecureContextOptions): void => {
    options = { ...options, ...more };
    try {
      createSecureContext(options);
    } catch (error) {
      // What OpenSSL alone refuses, as a key that is too short, or a cipher that it does not know.
      throw refusal(domain, key, what, `is refused by OpenSSL: ${messageOf(error)}`, error);
    }
  };
  // Ciphers first: their security level decides on keys and signatures too.
  add('ciphers_list', domain.ciphers_list ?? 'the default', { ...versionsOf(domain), ...ciphersOf(domain) });
  if (own !== null) add('certificate', certificate ?? '', { cert: own.cert, key: own.key });
  if (cas.length > 0) add(ca_list === null ? 'ca_dir' : 'ca_list', ca_list ?? ca_dir ?? '', { ca: pemOf(cas) });
  if (ec_curve !== null) add('ec_curve', ec_curve, { ecdhCurve: ec_curve });
  if (dh_params !== null) add('dh_params', dh_params, { dhparam: dhParamsIn(domain, dh_params) });
  return {
    options: { ...options, secureOptions: secureOptionsOf(crls !== null) },
    certificates: own === null ? [] : own.certificates,
    revocation: crls === null ? null : revocationCheck(crls, domain.crl_check_all, cas),
  };
}

/**
 * Peers are judged once, when their handshake is over: with TLS 1.2 they might come with another certificate later
 * [RFC 9325 §3.5]. And a session that is resumed has the certificate of the peer and not those above it, whose CRLs are to
 * be found.
 */
function secureOptionsOf(looksAtCrls: boolean): number {
  return constants.SSL_OP_NO_RENEGOTIATION | (looksAtCrls ? constants.SSL_OP_NO_TICKET : 0);
}

function versionsOf({ tls_method }: Domain): SecureContextOptions {
  return { minVersion: tls_method.min, maxVersion: tls_method.max };
}

/**
 * OpenSSL 3 has TLS 1.0 and 1.1 only at security level 0 [SSL_CTX_set_security_level(3)]: who asks for them by name
 * gets that, unless ciphers_list names a level.
 */
function ciphersOf(domain: Domain): SecureContextOptions {
  const { ciphers_list } = domain;
  if (!hasDeprecatedVersion(domain) || ciphers_list?.includes('@SECLEVEL=') === true) {
    return ciphers_list === null ? {} : { ciphers: ciphers_list };
  }
  return { ciphers: `${ciphers_list ?? DEFAULT_CIPHERS}:@SECLEVEL=0` };
}

function pemOf(certificates: readonly X509Certificate[]): string[] {
  return certificates.map((certificate) => certificate.toString());
}

interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certificates: readonly X509Certificate[];
}

function identity(domain: Domain, certificate: string, privateKey: string, now: Date): Identity {
  const certificates = certificatesIn(domain, 'certificate', certificate);
  for (const one of certificates) {
    const problem = validityProblem(one, now);
    if (problem !== null) throw refusal(domain, 'certificate', certificate, problem);
  }
  const cert = readPem(domain, 'certificate', certificate);
  const key = readPem(domain, 'private_key', privateKey);
  if (certificates[0]?.checkPrivateKey(keyIn(domain, privateKey, key)) !== true) {
    throw refusal(domain, 'private_key', privateKey, `does not belong to the certificate ${certificate}`);
  }
  return { cert, key, certificates };
}

function validityProblem(certificate: X509Certificate, now: Date): string | null {
  const whose = certificate.subject.replaceAll('\n', ', ');
  if (now < new Date(certificate.validFrom)) return `is not valid before ${certificate.validFrom} (${whose})`;
  if (now > new Date(certificate.validTo)) return `expired on ${certificate.validTo} (${whose})`;
  return null;
}
