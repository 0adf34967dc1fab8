/** The files of a TLS domain, read and checked before anything is served with them. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { ClientDomain, ServerDomain } from './tls-domain.js';

export interface LoadedDomain {
  /** Certificate, key, CAs and versions; whether a certificate is asked for and verified stands in the domain. */
  readonly options: SecureContextOptions;
  /** The own one, or null for a client that shows none. */
  readonly certificate: X509Certificate | null;
}

/**
 * Reads certificate, private_key and ca_list of a domain, and makes sure that TLS can use them.
 * @param now the time that the certificate must be valid at
 * @throws {MsrptapError} tls_domain_invalid: which file of which domain, and what is wrong with it
 */
export function loadDomain(domain: ServerDomain | ClientDomain, now = new Date()): LoadedDomain {
  const { certificate, private_key } = domain;
  const own = certificate === null || private_key === null ? null : identity(domain, certificate, private_key, now);
  const options: SecureContextOptions = {
    minVersion: domain.tls_method.min,
    maxVersion: domain.tls_method.max,
    ...(own === null ? {} : { cert: own.cert, key: own.key }),
    ...(domain.ca_list === null ? {} : { ca: readCas(domain, domain.ca_list) }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    // What OpenSSL alone refuses, as a key that is too short.
    const file = certificate ?? domain.ca_list ?? '';
    const key = certificate === null ? 'ca_list' : 'certificate';
    throw refusal(domain, key, file, `is refused by OpenSSL: ${messageOf(error)}`, error);
  }
  return { options, certificate: own === null ? null : own.leaf };
}

interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly leaf: X509Certificate;
}

type Domain = ServerDomain | ClientDomain;

function identity(domain: Domain, certificate: string, privateKey: string, now: Date): Identity {
  const cert = readPem(domain, 'certificate', certificate);
  const [leaf, ...intermediate] = certificatesIn(domain, 'certificate', certificate, cert);
  if (leaf === undefined) throw refusal(domain, 'certificate', certificate, 'has no PEM certificate');
  for (const one of [leaf, ...intermediate]) {
    const problem = validityProblem(one, now);
    if (problem !== null) throw refusal(domain, 'certificate', certificate, problem);
  }
  const key = readPem(domain, 'private_key', privateKey);
  if (!leaf.checkPrivateKey(keyIn(domain, privateKey, key))) {
    throw refusal(domain, 'private_key', privateKey, `does not belong to the certificate ${certificate}`);
  }
  return { cert, key, leaf };
}

function readCas(domain: Domain, file: string): Buffer {
  const pem = readPem(domain, 'ca_list', file);
  if (certificatesIn(domain, 'ca_list', file, pem).length === 0) {
    throw refusal(domain, 'ca_list', file, 'has no PEM certificate');
  }
  return pem;
}

type FileKey = 'certificate' | 'private_key' | 'ca_list';

function readPem(domain: Domain, key: FileKey, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw refusal(domain, key, file, `cannot be read: ${messageOf(error)}`, error);
  }
}

/** The textual encoding of RFC 7468; what stands between the blocks is explanation. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function certificatesIn(domain: Domain, key: FileKey, file: string, pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').match(CERTIFICATE) ?? [];
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw refusal(
        domain,
        key,
        file,
        `is broken: certificate ${index + 1} cannot be read (${messageOf(error)})`,
        error,
      );
    }
  });
}

function keyIn(domain: Domain, file: string, pem: Buffer): KeyObject {
  const text = pem.toString('latin1');
  if (!text.includes('PRIVATE KEY-----')) throw refusal(domain, 'private_key', file, 'has no PEM private key');
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw refusal(domain, 'private_key', file, 'is encrypted; a key without passphrase is needed');
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw refusal(domain, 'private_key', file, `is broken: the key cannot be read (${messageOf(error)})`, error);
  }
}

function validityProblem(certificate: X509Certificate, now: Date): string | null {
  const whose = certificate.subject.replaceAll('\n', ', ');
  if (now < new Date(certificate.validFrom)) return `is not valid before ${certificate.validFrom} (${whose})`;
  if (now > new Date(certificate.validTo)) return `expired on ${certificate.validTo} (${whose})`;
  return null;
}

function refusal(domain: Domain, key: FileKey, file: string, problem: string, cause?: unknown): MsrptapError {
  const where = domain.name === '' ? domain.kind : `${domain.kind}.${domain.name}`;
  return new MsrptapError('tls_domain_invalid', `tls_mgm.${where}.${key}: ${file} ${problem}`, { cause });
}
