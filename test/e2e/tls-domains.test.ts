/** TLS domains as in tls_mgm: which one a connection gets, and that what stands in it is in force. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import { useRevocationCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { presenting, serving, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';
import { OpenSsl } from '../interop/openssl.js';

const certs = useRevocationCerts();
const openssl = promisify(execFile);

interface Scene {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
}

async function scene(server_domain: Settings, sockets: readonly string[] = ['msrps:127.0.0.1:0']): Promise<Scene> {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const listeners = sockets.map((socket) => ({ socket, upstream: hop.url }));
  return { trace, hop, tap: await startTap({ listeners, trace, tls_mgm: { server_domain } }) };
}

async function tlsOf(socket: Endpoint, options: ConnectionOptions): Promise<TLSSocket> {
  const { socket: stream } = await dial(socket, { ...options, rejectUnauthorized: false });
  return stream as TLSSocket;
}

/** Whose certificate a client gets to see. */
async function shownTo(socket: Endpoint, servername: string): Promise<string> {
  return String((await tlsOf(socket, { servername })).getPeerCertificate().subject.CN);
}

/** The reason of the next accept that fails. */
async function refusalOf({ tap, trace }: Scene, options: ConnectionOptions): Promise<string | undefined> {
  await expect(tlsOf(tap.socket, options)).rejects.toHaveProperty('code');
  return (await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE' })).Reason;
}

test('the address decides first, then the name: exactly, by wildcard, any', async () => {
  const { server, client, below, revoked, stranger } = certs();
  const open = { verify_cert: 0 };
  const { tap } = await scene(
    {
      any: { ...server, ...open },
      wild: { ...below, ...open, match_sip_domain: '*.example.com' },
      name: { ...client, ...open, match_sip_domain: ['other.example.net', 'msrp.example.com'] },
      address: { ...revoked, ...open, match_ip_address: '127.0.0.2' },
      // Not the socket that anybody comes to.
      port: { ...stranger, ...open, match_ip_address: '127.0.0.1:1' },
    },
    ['msrps:0.0.0.0:0'],
  );
  const [here, there] = [
    { ip: '127.0.0.1', port: tap.socket.port },
    { ip: '127.0.0.2', port: tap.socket.port },
  ];
  expect(await shownTo(here, 'msrp.example.com')).toBe('client');
  expect(await shownTo(here, 'OTHER.example.NET')).toBe('client');
  expect(await shownTo(here, 'a.b.example.com')).toBe('below');
  expect(await shownTo(here, 'example.com')).toBe('localhost');
  expect(await shownTo(here, '')).toBe('localhost');
  expect(await shownTo(there, 'msrp.example.com')).toBe('revoked');
});

test('s_client sees the certificate and the intermediate one of the domain that its name chooses', async () => {
  const { server, below, ca } = certs();
  const { tap, hop } = await scene({
    name: { ...below, verify_cert: 0, match_sip_domain: 'localhost' },
    any: { ...server, verify_cert: 0 },
  });
  // It verifies the chain, so it needs the intermediate certificate.
  const caller = OpenSsl.client(tap.socket, '-CAfile', ca.certificate, '-verify_depth', '1');
  const hello = new Chat('msrps').ask('hello');
  caller.send(hello);
  expect((await (await hop.accept()).receive(hello.length)).equals(hello)).toBe(true);
});

test('each name has its own versions', async () => {
  const { server } = certs();
  const here = await scene({
    old: { ...server, verify_cert: 0, match_sip_domain: 'old.example.com', tls_method: 'TLSv1_2' },
    new: { ...server, verify_cert: 0, match_sip_domain: 'new.example.com', tls_method: 'TLSv1_3' },
  });
  const versionOf = async (servername: string): Promise<string | null> =>
    (await tlsOf(here.tap.socket, { servername })).getProtocol();
  expect(await versionOf('old.example.com')).toBe('TLSv1.2');
  expect(await versionOf('new.example.com')).toBe('TLSv1.3');
  expect(await refusalOf(here, { servername: 'new.example.com', maxVersion: 'TLSv1.2' })).toBe('tls_version_mismatch');
});

test('TLS 1.2 is the oldest version that is not asked for by name', async () => {
  const { server } = certs();
  const old: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  const today = await scene({ public: { ...server, verify_cert: 0 } });
  expect(await refusalOf(today, old)).toBe('tls_version_mismatch');

  const yesterday = await scene({ public: { ...server, verify_cert: 0, tls_method: 'TLSv1-TLSv1_3' } });
  expect((await tlsOf(yesterday.tap.socket, old)).getProtocol()).toBe('TLSv1.1');
  expect((await tlsOf(yesterday.tap.socket, {})).getProtocol()).toBe('TLSv1.3');
  expect(yesterday.tap.log.map(({ msg }) => msg)).toContainEqual(
    expect.stringMatching(/^tls_mgm.server_domain.public.tls_method: TLSv1 to TLSv1.3 has versions.*RFC 8996/),
  );
});

test('each name asks for certificates or does not', async () => {
  const { server, client, ca } = certs();
  const here = await scene({
    strict: { ...server, match_sip_domain: 'strict.example.com', ca_list: ca.certificate },
    open: { ...server, verify_cert: 0 },
  });
  const strict = { ...trusting(certs()), servername: 'strict.example.com', rejectUnauthorized: false };
  await dial(here.tap.socket, strict);
  // verify_cert and require_cert are 1 when left out.
  const refused = await here.trace.event({ Event: 'ACCEPTED', Status: 'FAILURE' });
  expect(refused).toMatchObject({ Reason: 'tls_certificate_required' });
  expect(refused.Message).toContain('set require_cert: 0');
  const hello = new Chat('msrps').ask('hello');
  await carry(hello, await dial(here.tap.socket, { ...strict, ...presenting(client) }), await here.hop.accept());
  await carry(hello, await dial(here.tap.socket, trusting(certs())), await here.hop.accept());
});

test('ciphers_list and ec_curve', async () => {
  const { server } = certs();
  const here = await scene({
    curve: { ...server, verify_cert: 0, match_sip_domain: 'curve.example.com', ec_curve: 'secp384r1' },
    ciphers: { ...server, verify_cert: 0, ciphers_list: 'ECDHE-ECDSA-CHACHA20-POLY1305', tls_method: 'TLSv1_2' },
  });
  const curve = await tlsOf(here.tap.socket, { servername: 'curve.example.com' });
  expect(curve.getEphemeralKeyInfo()).toMatchObject({ type: 'ECDH', name: 'secp384r1' });
  expect((await tlsOf(here.tap.socket, {})).getCipher().name).toBe('ECDHE-ECDSA-CHACHA20-POLY1305');
  expect(await refusalOf(here, { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toBe('tls_cipher_mismatch');
});

test('dh_params: without it there are no ciphers with ephemeral Diffie-Hellman', async () => {
  const { rsa, directory } = certs();
  const dh_params = join(directory, 'dh.pem');
  // A group that everybody has, so that it need not be searched for.
  const group = ['-algorithm', 'DH', '-pkeyopt', 'group:ffdhe2048'];
  await openssl('openssl', ['genpkey', '-genparam', ...group, '-out', dh_params]);
  const here = await scene({
    with: { ...rsa, verify_cert: 0, match_sip_domain: 'dh.example.com', dh_params },
    without: { ...rsa, verify_cert: 0 },
  });
  const client: ConnectionOptions = { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-GCM-SHA256' };
  const stream = await tlsOf(here.tap.socket, { ...client, servername: 'dh.example.com' });
  expect(stream.getEphemeralKeyInfo()).toEqual({ type: 'DH', size: 2_048 });
  expect(await refusalOf(here, client)).toBe('tls_cipher_mismatch');
});

test('ca_dir joins ca_list', async () => {
  const { server, ca, otherCa, client, stranger } = certs();
  const ca_dir = await mkdtemp(join(tmpdir(), 'msrptap-cas-'));
  onTestFinished(() => rm(ca_dir, { recursive: true }));
  await copyFile(otherCa.certificate, join(ca_dir, 'other.pem'));
  await writeFile(join(ca_dir, 'README'), 'The CAs of our customers.\n');
  const { tap, hop } = await scene({ both: { ...server, ca_list: ca.certificate, ca_dir } });
  const hello = new Chat('msrps').ask('hello');
  for (const files of [client, stranger]) {
    const options = { ...trusting(certs()), ...presenting(files) };
    await carry(hello, await dial(tap.socket, options), await hop.accept());
  }
});

test('a client_domain by name, another by address', async () => {
  const { server, stranger, ca, otherCa } = certs();
  const ours = await NextHop.start({ tls: serving(server) });
  const theirs = await NextHop.start({ tls: serving(stranger) });
  const tap = await startTap({
    listeners: [
      { socket: 'msrp:127.0.0.1:0', upstream: `msrps:localhost:${ours.port}` },
      { socket: 'msrp:127.0.0.1:0', upstream: theirs.url },
    ],
    tls_mgm: {
      client_domain: {
        any: { ca_list: server.certificate },
        name: { match_sip_domain: 'localhost', ca_list: ca.certificate },
        address: { match_ip_address: theirs.address, ca_list: otherCa.certificate },
      },
    },
  });
  const hello = new Chat().ask('hello');
  for (const [index, hop] of [ours, theirs].entries()) {
    const socket = tap.sockets[index] ?? tap.socket;
    const { client, server: accepted } = await linkThrough(socket, hop);
    await carry(hello, client, accepted);
  }
});
