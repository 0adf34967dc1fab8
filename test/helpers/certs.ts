/** A small CA, made with the openssl command: certificates that are good, and some that are not. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';

const run = promisify(execFile);

export interface CertFiles {
  readonly certificate: string;
  readonly private_key: string;
}

/** Paths of PEM files. */
export interface Certs {
  readonly directory: string;
  readonly ca: CertFiles;
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: CertFiles;
  /** CN=client. */
  readonly client: CertFiles;
  /** As server, but valid only in January 2020. */
  readonly expired: CertFiles;
  /** As server, but valid from 2090 on. */
  readonly future: CertFiles;
  /** A CA that signed none of the others. */
  readonly otherCa: CertFiles;
  /** A key that fits no certificate. */
  readonly otherKey: string;
}

const EXTENSIONS = `
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[server]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
[client]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
subjectAltName=DNS:client.example.com
[signing]
database=index.txt
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=any
unique_subject=no
[any]
commonName=supplied
`;

type Validity = { readonly start: string; readonly end: string };
const VALID: Validity = { start: '20200101000000Z', end: '20891231235959Z' };
const JANUARY_2020: Validity = { start: '20200101000000Z', end: '20200131235959Z' };
const FROM_2090: Validity = { start: '20900101000000Z', end: '20991231235959Z' };

/** Makes them all in `directory`, which must exist; takes about half a second. */
export async function makeCerts(directory: string): Promise<Certs> {
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: directory });
  const pair = (name: string): CertFiles => ({
    certificate: join(directory, `${name}.pem`),
    private_key: join(directory, `${name}.key`),
  });
  const key = async (name: string): Promise<void> => {
    await openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`);
  };
  await writeFile(join(directory, 'openssl.cnf'), EXTENSIONS);
  await writeFile(join(directory, 'index.txt'), '');

  /** `openssl ca` alone sets both dates with every version of openssl; it must not run twice at once (its database). */
  const sign = async (
    name: string,
    subject: string,
    kind: string,
    validity: Validity,
    issuer: string,
  ): Promise<void> => {
    await key(name);
    await openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${subject}`, '-out', `${name}.csr`);
    const by = issuer === name ? ['-selfsign'] : ['-cert', `${issuer}.pem`];
    const dates = ['-startdate', validity.start, '-enddate', validity.end];
    const files = ['-keyfile', `${issuer}.key`, '-in', `${name}.csr`, '-out', `${name}.pem`];
    const settings = ['-batch', '-notext', '-config', 'openssl.cnf', '-name', 'signing', '-extensions', kind];
    await openssl('ca', ...settings, ...dates, ...by, ...files);
  };
  await sign('ca', 'test CA', 'ca', VALID, 'ca');
  await sign('server', 'localhost', 'server', VALID, 'ca');
  await sign('client', 'client', 'client', VALID, 'ca');
  await sign('expired', 'localhost', 'server', JANUARY_2020, 'ca');
  await sign('future', 'localhost', 'server', FROM_2090, 'ca');
  await sign('other-ca', 'other CA', 'ca', VALID, 'other-ca');
  await key('other');

  return {
    directory,
    ca: pair('ca'),
    server: pair('server'),
    client: pair('client'),
    expired: pair('expired'),
    future: pair('future'),
    otherCa: pair('other-ca'),
    otherKey: join(directory, 'other.key'),
  };
}

/** For a test file: makes the certificates before its tests and removes them after; call the result inside tests. */
export function useCerts(): () => Certs {
  let certs: Certs | undefined;
  beforeAll(async () => {
    certs = await makeCerts(await mkdtemp(join(tmpdir(), 'msrptap-certs-')));
  });
  afterAll(async () => {
    if (certs !== undefined) await rm(certs.directory, { recursive: true });
  });
  return () => {
    if (certs === undefined) throw new Error('certificates exist only inside tests and hooks');
    return certs;
  };
}
