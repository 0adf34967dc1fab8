/** The files of a TLS domain, read; what is wrong with one is told with the domain, the key and the file. */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, MsrptapError } from '../lib/errors.js';
import { parseCrl, type Crl } from './tls-crl.js';
import { DER, elements } from './tls-der.js';
import type { ClientDomain, ServerDomain } from './tls-domain.js';

export type Domain = ServerDomain | ClientDomain;
export type DomainKey =
  | 'certificate'
  | 'private_key'
  | 'ca_list'
  | 'ca_dir'
  | 'crl_dir'
  | 'dh_params'
  | 'ciphers_list'
  | 'ec_curve'
  | 'tls_method';

/** Files that are read of one folder; all CAs of the Web are some 150. */
const MAX_FILES = 1_000;
/** Octets of one file: the largest CRLs of public CAs have some 10 MB. */
const MAX_FILE_BYTES = 64 * 1_048_576;

export function refusal(domain: Domain, key: DomainKey, what: string, problem: string, cause?: unknown): MsrptapError {
  const where = domain.name === '' ? domain.kind : `${domain.kind}.${domain.name}`;
  return new MsrptapError('tls_domain_invalid', `tls_mgm.${where}.${key}: ${what} ${problem}`, { cause });
}

/** @throws MsrptapError tls_domain_invalid */
export function readPem(domain: Domain, key: DomainKey, file: string): Buffer {
  try {
    const found = statSync(file);
    // A FIFO, or a device, may keep whoever reads it waiting for ever: the whole process, at a reload.
    if (!found.isFile()) throw new TypeError('it is no regular file');
    if (found.size > MAX_FILE_BYTES) throw new RangeError(`it has more than ${MAX_FILE_BYTES} octets`);
    return readFileSync(file);
  } catch (error) {
    throw refusal(domain, key, file, `cannot be read: ${messageOf(error)}`, error);
  }
}

/** The textual encoding of RFC 7468; what stands between the blocks is explanation. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const DH_PARAMETERS = /-----BEGIN DH PARAMETERS-----([^-]*)-----END DH PARAMETERS-----/;
const CRL = /-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/g;

/** @throws MsrptapError tls_domain_invalid when there is none, or one is broken */
export function certificatesIn(domain: Domain, key: DomainKey, file: string): readonly X509Certificate[] {
  const certificates = certificatesOf(domain, key, file, readPem(domain, key, file));
  if (certificates.length === 0) throw refusal(domain, key, file, 'has no PEM certificate');
  return certificates;
}

/** The CAs of a folder: of each file that has any, whatever its name is. A hashed folder has every file twice. */
export function certificatesInFolder(domain: Domain, key: DomainKey, folder: string): readonly X509Certificate[] {
  const certificates = filesIn(domain, key, folder).flatMap((file) =>
    certificatesOf(domain, key, file, readPem(domain, key, file)),
  );
  if (certificates.length === 0) throw refusal(domain, key, folder, 'has no file with a PEM certificate');
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint256, certificate])).values()];
}

/** The CRLs of a folder. */
export function crlsInFolder(domain: Domain, key: DomainKey, folder: string): readonly Crl[] {
  const crls = new Map<string, Crl>();
  for (const file of filesIn(domain, key, folder)) {
    const pem = readPem(domain, key, file).toString('latin1');
    for (const [, base64 = ''] of pem.matchAll(CRL)) {
      try {
        crls.set(base64, parseCrl(Buffer.from(base64, 'base64')));
      } catch (error) {
        throw refusal(domain, key, file, `has a CRL that cannot be used: ${messageOf(error)}`, error);
      }
    }
  }
  if (crls.size === 0) throw refusal(domain, key, folder, 'has no file with a PEM CRL');
  return [...crls.values()];
}

/** @throws MsrptapError tls_domain_invalid */
export function keyIn(domain: Domain, file: string, pem: Buffer): KeyObject {
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

/** Node.js leaves out what it cannot read without a word. @throws MsrptapError tls_domain_invalid */
export function dhParamsIn(domain: Domain, file: string): Buffer {
  const pem = readPem(domain, 'dh_params', file);
  const base64 = DH_PARAMETERS.exec(pem.toString('latin1'))?.[1];
  if (base64 === undefined) throw refusal(domain, 'dh_params', file, 'has no PEM block DH PARAMETERS');
  try {
    const [parameters] = elements(Buffer.from(base64, 'base64'));
    const [prime, generator] = elements(parameters?.content ?? Buffer.alloc(0));
    if (prime?.tag === DER.integer && generator?.tag === DER.integer) return pem;
  } catch (error) {
    throw refusal(domain, 'dh_params', file, `is broken: ${messageOf(error)}`, error);
  }
  throw refusal(domain, 'dh_params', file, 'is broken: it has no prime and generator');
}

function certificatesOf(domain: Domain, key: DomainKey, file: string, pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').match(CERTIFICATE) ?? [];
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      const problem = `is broken: certificate ${index + 1} cannot be read (${messageOf(error)})`;
      throw refusal(domain, key, file, problem, error);
    }
  });
}

/** Files, and links to files. */
function filesIn(domain: Domain, key: DomainKey, folder: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw refusal(domain, key, folder, `cannot be read: ${messageOf(error)}`, error);
  }
  if (names.length > MAX_FILES) throw refusal(domain, key, folder, `has more than ${MAX_FILES} files`);
  const files = names.toSorted().map((name) => join(folder, name));
  return files.filter((file) => isFile(domain, key, file));
}

function isFile(domain: Domain, key: DomainKey, file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch (error) {
    throw refusal(domain, key, file, `cannot be read: ${messageOf(error)}`, error);
  }
}
