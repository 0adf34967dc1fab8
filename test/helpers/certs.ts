/** A small CA, made with the openssl command: certificates that are good, and some that are not. */
import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  /** A CA that signed but `stranger`. */
  readonly otherCa: CertFiles;
  /** As server, and for clients too, but of the other CA. */
  readonly stranger: CertFiles;
  /** A key that fits no certificate. */
  readonly otherKey: string;
}

/** What more a test of revocation needs. */
export interface RevocationCerts extends Certs {
  /** Below the CA. */
  readonly intermediate: CertFiles;
  /** Both CAs in one file. */
  readonly bothCas: string;
  /** CN=below, for servers and clients, by the intermediate CA, which stands in the file too. */
  readonly below: CertFiles;
  /** CN=revoked, for servers and clients, by the CA. */
  readonly revoked: CertFiles;
  /** CN=revoked below, likewise by the intermediate CA, which stands in the file too. */
  readonly revokedBelow: CertFiles;
  /** The revocation list of the CA, of the intermediate CA, and of the CA again, of January 2020. */
  readonly caCrl: string;
  readonly intermediateCrl: string;
  readonly oldCrl: string;
  /** One of the CA that is for certificates of users alone, and says so in a critical extension. */
  readonly partialCrl: string;
  /** A CA with an RSA key, and its list, on which nothing stands. */
  readonly rsaCa: CertFiles;
  readonly rsaCrl: string;
  /** CN=rsa, for servers, by that CA. */
  readonly rsa: CertFiles;
}

const ISSUERS = ['ca', 'intermediate', 'other-ca', 'rsa-ca'] as const;
type Issuer = (typeof ISSUERS)[number];

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
[both]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
[partial]
issuingDistributionPoint=critical,@users
[users]
onlyuser=TRUE
[any]
commonName=supplied
${ISSUERS.map(
  (issuer) => `[by-${issuer}]
database=${issuer}.index
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=any
unique_subject=no
certificate=${issuer}.pem
private_key=${issuer}.key
default_crl_days=30
`,
).join('')}`;

type Validity = { readonly start: string; readonly end: string };
const VALID: Validity = { start: '20200101000000Z', end: '20891231235959Z' };
const JANUARY_2020: Validity = { start: '20200101000000Z', end: '20200131235959Z' };
const FROM_2090: Validity = { start: '20900101000000Z', end: '20991231235959Z' };

/** The openssl command in a folder. `openssl ca` alone sets both dates with every version of it; it must not run twice at once. */
class Maker {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async prepare(): Promise<void> {
    await writeFile(this.path('openssl.cnf'), EXTENSIONS);
    for (const issuer of ISSUERS) await writeFile(this.path(`${issuer}.index`), '');
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  files(name: string): CertFiles {
    return { certificate: this.path(`${name}.pem`), private_key: this.path(`${name}.key`) };
  }

  async key(name: string): Promise<void> {
    const kind = name.startsWith('rsa') ? ['RSA'] : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    await this.#openssl('genpkey', '-algorithm', ...kind, '-out', `${name}.key`);
  }

  async sign(name: string, subject: string, kind: string, by: Issuer, validity = VALID): Promise<CertFiles> {
    await this.key(name);
    await this.#openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${subject}`, '-out', `${name}.csr`);
    const dates = ['-startdate', validity.start, '-enddate', validity.end];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, ...(by === name ? ['-selfsign'] : [])];
    await this.#ca(by, '-batch', '-notext', '-extensions', kind, ...dates, ...files);
    return this.files(name);
  }

  async revoke(by: Issuer, name: string): Promise<void> {
    await this.#ca(by, '-revoke', `${name}.pem`);
  }

  /** @param args of openssl-ca(1) */
  async crl(by: Issuer, name: string, ...args: readonly string[]): Promise<string> {
    await this.#ca(by, '-gencrl', '-out', name, ...args);
    return this.path(name);
  }

  async #ca(by: Issuer, ...args: readonly string[]): Promise<void> {
    await this.#openssl('ca', '-config', 'openssl.cnf', '-name', `by-${by}`, ...args);
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    await run('openssl', args, { cwd: this.#directory });
  }
}

/** Makes them all in `directory`, which must exist; takes about half a second. */
export async function makeCerts(directory: string): Promise<Certs> {
  const maker = new Maker(directory);
  await maker.prepare();
  const ca = await maker.sign('ca', 'test CA', 'ca', 'ca');
  const server = await maker.sign('server', 'localhost', 'server', 'ca');
  const client = await maker.sign('client', 'client', 'client', 'ca');
  const expired = await maker.sign('expired', 'localhost', 'server', 'ca', JANUARY_2020);
  const future = await maker.sign('future', 'localhost', 'server', 'ca', FROM_2090);
  const otherCa = await maker.sign('other-ca', 'other CA', 'ca', 'other-ca');
  const stranger = await maker.sign('stranger', 'stranger', 'both', 'other-ca');
  await maker.key('other');
  return { directory, ca, server, client, expired, future, otherCa, stranger, otherKey: maker.path('other.key') };
}

/** Those of makeCerts(), and what revocation needs. */
async function makeRevocationCerts(directory: string): Promise<RevocationCerts> {
  const certs = await makeCerts(directory);
  const maker = new Maker(directory);
  const intermediate = await maker.sign('intermediate', 'intermediate CA', 'ca', 'ca');
  const below = await maker.sign('below', 'below', 'both', 'intermediate');
  const revoked = await maker.sign('revoked', 'revoked', 'both', 'ca');
  const revokedBelow = await maker.sign('revoked-below', 'revoked below', 'both', 'intermediate');
  await maker.revoke('ca', 'revoked');
  await maker.revoke('intermediate', 'revoked-below');
  for (const { certificate } of [below, revokedBelow]) {
    await appendFile(certificate, await readFile(intermediate.certificate));
  }
  const bothCas = maker.path('both-cas.pem');
  await writeFile(
    bothCas,
    Buffer.concat([await readFile(intermediate.certificate), await readFile(certs.ca.certificate)]),
  );
  const january = ['-crl_lastupdate', JANUARY_2020.start, '-crl_nextupdate', JANUARY_2020.end];
  return {
    ...certs,
    intermediate,
    bothCas,
    below,
    revoked,
    revokedBelow,
    caCrl: await maker.crl('ca', 'ca.crl'),
    intermediateCrl: await maker.crl('intermediate', 'intermediate.crl'),
    oldCrl: await maker.crl('ca', 'old.crl', ...january),
    partialCrl: await maker.crl('ca', 'partial.crl', '-crlexts', 'partial'),
    rsaCa: await maker.sign('rsa-ca', 'RSA CA', 'ca', 'rsa-ca'),
    rsaCrl: await maker.crl('rsa-ca', 'rsa.crl'),
    rsa: await maker.sign('rsa', 'rsa', 'server', 'rsa-ca'),
  };
}

/** For a test file: makes the certificates before its tests and removes them after; call the result inside tests. */
export function useCerts(): () => Certs {
  return useMade(makeCerts);
}

export function useRevocationCerts(): () => RevocationCerts {
  return useMade(makeRevocationCerts);
}

function useMade<Made extends Certs>(make: (directory: string) => Promise<Made>): () => Made {
  let certs: Made | undefined;
  beforeAll(async () => {
    certs = await make(await mkdtemp(join(tmpdir(), 'msrptap-certs-')));
  });
  afterAll(async () => {
    if (certs !== undefined) await rm(certs.directory, { recursive: true });
  });
  return () => {
    if (certs === undefined) throw new Error('certificates exist only inside tests and hooks');
    return certs;
  };
}
