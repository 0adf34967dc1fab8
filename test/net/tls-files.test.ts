import { constants } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer, type Server } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { DEFAULT_CLIENT_DOMAIN, type ClientDomain, type ServerDomain } from '#src/net/tls-domain.js';
import { loadDomain } from '#src/net/tls-files.js';
import { useRevocationCerts, type CertFiles } from '../helpers/certs.js';

const certs = useRevocationCerts();

function server(files: CertFiles, ca_list: string | null = null): ServerDomain {
  return { ...DEFAULT_CLIENT_DOMAIN, kind: 'server_domain', name: 'public', require_cert: 1, ca_list, ...files };
}

function client(files: Partial<ClientDomain>): ClientDomain {
  return { ...DEFAULT_CLIENT_DOMAIN, name: 'core', ...files };
}

/** A folder of the test's own with one file. */
function folder(name: string, content: string | Buffer): string {
  const path = join(certs().directory, `${name}.d`);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, name), content);
  return path;
}

/** A file of the test's own, beside the certificates. */
function file(name: string, content: string | Buffer): string {
  const path = join(certs().directory, name);
  writeFileSync(path, content);
  return path;
}

function portOf(listener: Server): number {
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return address.port;
}

const text = (path: string): string => readFileSync(path, 'utf8');

test('what is loaded serves a handshake in which each side verifies the other', async () => {
  const { ca, server: own, client: other } = certs();
  const serving = loadDomain(server(own, ca.certificate)).options;
  const listener = createServer({ ...serving, requestCert: true, rejectUnauthorized: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  try {
    const accepted = once(listener, 'secureConnection');
    const { options } = loadDomain(client({ ...other, ca_list: ca.certificate }));
    const socket = connect({ ...options, host: '127.0.0.1', port: portOf(listener) });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    const [peer]: unknown[] = await accepted;
    expect(peer).toHaveProperty('authorized', true);
    socket.destroy();
  } finally {
    listener.close();
    await once(listener, 'close');
  }
});

test('the versions are those of the domain', () => {
  const domain = { ...server(certs().server), tls_method: { min: 'TLSv1.2', max: 'TLSv1.2' } } as const;
  expect(loadDomain(domain).options).toMatchObject({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
});

test('a client needs no files', () => {
  expect(loadDomain(DEFAULT_CLIENT_DOMAIN)).toEqual({
    options: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_RENEGOTIATION },
    certificates: [],
    revocation: null,
  });
});

test('a chain with text between its certificates, whose first is the own one', () => {
  const { server: own, ca } = certs();
  const chain = file('chain.pem', `server\n${text(own.certificate)}its CA:\n${text(ca.certificate)}`);
  expect(loadDomain(server({ ...own, certificate: chain })).certificates[0]?.subject).toBe('CN=localhost');
});

test('a folder of CAs, each file once, whatever else stands there', () => {
  const { ca, otherCa } = certs();
  const ca_dir = folder('cas', text(ca.certificate) + text(otherCa.certificate));
  writeFileSync(join(ca_dir, 'README'), 'hashed\n');
  symlinkSync('cas', join(ca_dir, '1234abcd.0'));
  symlinkSync('gone', join(ca_dir, '1234abcd.1'));
  mkdirSync(join(ca_dir, 'private'));
  const { ca: loaded } = loadDomain(client({ ca_dir })).options;
  expect([loaded].flat().map(String)).toHaveLength(2);
  const both = loadDomain(client({ ca_dir: folder('other', text(otherCa.certificate)), ca_list: ca.certificate }));
  expect([both.options.ca].flat().map(String)).toEqual([ca, otherCa].map(({ certificate }) => text(certificate)));
});

describe('TLS 1.0 and 1.1 need security level 0', () => {
  const old = { tls_method: { min: 'TLSv1', max: 'TLSv1.3' } } as const;

  test.each([
    ['nothing named', old, /:@SECLEVEL=0$/],
    ['ciphers named', { ...old, ciphers_list: 'HIGH' }, /^HIGH:@SECLEVEL=0$/],
    ['a level named', { ...old, ciphers_list: 'HIGH:@SECLEVEL=1' }, /^HIGH:@SECLEVEL=1$/],
    ['newer versions', { ciphers_list: 'HIGH' }, /^HIGH$/],
  ])('%s', (_, keys, ciphers) => {
    expect(loadDomain(client(keys)).options.ciphers).toMatch(ciphers);
  });
});

describe('refused, with the file and what is wrong with it', () => {
  const REFUSED: [string, () => ServerDomain | ClientDomain, key: string, file: RegExp, problem: RegExp][] = [
    [
      'no certificate file',
      () => server({ ...certs().server, certificate: '/nowhere.pem' }),
      'certificate',
      /\/nowhere.pem/,
      /ENOENT/,
    ],
    [
      'no key file',
      () => server({ ...certs().server, private_key: '/nowhere.key' }),
      'private_key',
      /\/nowhere.key/,
      /ENOENT/,
    ],
    ['no CA file', () => client({ ca_list: '/nowhere.pem' }), 'ca_list', /\/nowhere.pem/, /ENOENT/],
    [
      'a folder',
      () => server({ ...certs().server, certificate: certs().directory }),
      'certificate',
      /msrptap-certs/,
      /is no regular file/,
    ],
    [
      'a device, which may have no end, or keep whoever reads it waiting',
      () => client({ ca_list: '/dev/null' }),
      'ca_list',
      /\/dev\/null/,
      /is no regular file/,
    ],
    [
      'a certificate that is a key',
      () => server({ ...certs().server, certificate: certs().server.private_key }),
      'certificate',
      /server.key/,
      /no PEM certificate/,
    ],
    [
      'a key that is a certificate',
      () => server({ ...certs().server, private_key: certs().server.certificate }),
      'private_key',
      /server.pem/,
      /no PEM private key/,
    ],
    [
      'an empty CA file',
      () => client({ ca_list: file('empty.pem', '') }),
      'ca_list',
      /empty.pem/,
      /no PEM certificate/,
    ],
    [
      'a broken certificate',
      () =>
        server({
          ...certs().server,
          certificate: file('broken.pem', text(certs().server.certificate).replace('MII', 'AAA')),
        }),
      'certificate',
      /broken.pem/,
      /certificate 1 cannot be read/,
    ],
    [
      'a broken certificate among the CAs',
      () =>
        client({
          ca_list: file('cas.pem', text(certs().ca.certificate) + text(certs().ca.certificate).replace('MII', 'AAA')),
        }),
      'ca_list',
      /cas.pem/,
      /certificate 2 cannot be read/,
    ],
    [
      'a broken key',
      () =>
        server({
          ...certs().server,
          private_key: file('broken.key', text(certs().server.private_key).replace('MI', 'AA')),
        }),
      'private_key',
      /broken.key/,
      /cannot be read/,
    ],
    [
      'an encrypted key',
      () => {
        const { server: own, directory } = certs();
        const encrypted = join(directory, 'encrypted.key');
        execFileSync('openssl', ['pkcs8', '-topk8', '-passout', 'pass:x', '-in', own.private_key, '-out', encrypted]);
        return server({ ...own, private_key: encrypted });
      },
      'private_key',
      /encrypted.key/,
      /without passphrase/,
    ],
    [
      'the key of another certificate',
      () => server({ ...certs().server, private_key: certs().otherKey }),
      'private_key',
      /other.key/,
      /does not belong to the certificate .*server.pem/,
    ],
    ['no folder of CAs', () => client({ ca_dir: '/nowhere' }), 'ca_dir', /\/nowhere/, /ENOENT/],
    [
      'a folder without CAs',
      () => client({ ca_dir: folder('empty', 'nothing') }),
      'ca_dir',
      /empty\.d/,
      /no file with a PEM certificate/,
    ],
    [
      'a folder with a link that leads to itself',
      () => {
        const ca_dir = folder('loop.pem', text(certs().ca.certificate));
        symlinkSync('itself', join(ca_dir, 'itself'));
        return client({ ca_dir });
      },
      'ca_dir',
      /loop\.pem\.d\/itself/,
      /cannot be read: ELOOP/,
    ],
    [
      'a folder without CRLs',
      () => client({ crl_dir: folder('no-crl', text(certs().ca.certificate)) }),
      'crl_dir',
      /no-crl\.d/,
      /no file with a PEM CRL/,
    ],
    [
      'a CRL that is broken',
      () => client({ crl_dir: folder('bad.crl', text(certs().caCrl).replace(/(?<=CRL-----\n)..../, 'AAAA')) }),
      'crl_dir',
      /bad\.crl/,
      /cannot be used/,
    ],
    [
      'a CRL for a part of the certificates',
      () => client({ crl_dir: folder('partial.crl', text(certs().partialCrl)) }),
      'crl_dir',
      /partial\.crl/,
      /a complete CRL of the CA is needed/,
    ],
    ['no such cipher', () => client({ ciphers_list: 'NO-SUCH' }), 'ciphers_list', /NO-SUCH/, /refused by OpenSSL/],
    ['no such curve', () => client({ ec_curve: 'nosuch' }), 'ec_curve', /nosuch/, /refused by OpenSSL/],
    ['no DH file', () => client({ dh_params: '/nowhere.pem' }), 'dh_params', /nowhere/, /ENOENT/],
    [
      'a DH file that is none',
      () => client({ dh_params: certs().ca.certificate }),
      'dh_params',
      /ca\.pem/,
      /has no PEM block DH PARAMETERS/,
    ],
    [
      'a DH file that is broken',
      () =>
        client({
          dh_params: file('dh.pem', '-----BEGIN DH PARAMETERS-----\nMAYCAQU=\n-----END DH PARAMETERS-----\n'),
        }),
      'dh_params',
      /dh\.pem/,
      /is broken/,
    ],
    ['expired', () => server(certs().expired), 'certificate', /expired.pem/, /expired on Jan 31 23:59:59 2020 GMT/],
    [
      'not valid yet',
      () => server(certs().future),
      'certificate',
      /future.pem/,
      /not valid before Jan {2}1 00:00:00 2090 GMT/,
    ],
    ['expired, of a client', () => client(certs().expired), 'certificate', /expired.pem/, /expired on/],
    [
      'an expired certificate in the chain',
      () => {
        const { server: own, expired } = certs();
        return server({ ...own, certificate: file('old.pem', text(own.certificate) + text(expired.certificate)) });
      },
      'certificate',
      /old.pem/,
      /expired on/,
    ],
  ];

  test.each(REFUSED)('%s', (_, make, key, path, problem) => {
    const domain = make();
    expect(() => loadDomain(domain)).toThrow(
      expect.objectContaining({ name: 'MsrptapError', code: 'tls_domain_invalid' }),
    );
    expect(() => loadDomain(domain)).toThrow(`tls_mgm.${domain.kind}.${domain.name}.${key}: `);
    expect(() => loadDomain(domain)).toThrow(path);
    expect(() => loadDomain(domain)).toThrow(problem);
  });
});

test('validity is that of the time given', () => {
  const domain = server(certs().expired);
  expect(loadDomain(domain, new Date('2020-01-15T00:00:00Z')).certificates[0]?.subject).toBe('CN=localhost');
});
