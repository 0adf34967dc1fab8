/** TLS handshakes with clients that fail: what Homer is told, and that the next one works. */
import { TLSSocket, type ConnectionOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { useCerts, type CertFiles, type Certs } from '../helpers/certs.js';
import { carry, dial, NextHop, type Peer } from '../helpers/endpoint.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { presenting, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

interface Scene {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
  readonly near: string;
}

async function scene(server: Settings = {}, proto_msrp: Settings = {}): Promise<Scene> {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
  const tap = await startTap({ listeners, trace, proto_msrp, tls_mgm: tlsDomains(certs(), { server }) });
  return { trace, tap, hop, near: `127.0.0.1:${tap.socket.port}` };
}

/** The one event of it; then a client with these options gets through. */
async function failsAs(
  Reason: string,
  client: Peer,
  { trace, tap, hop, near }: Scene,
  good?: ConnectionOptions,
): Promise<void> {
  const wanted = { Event: 'ACCEPTED', Status: 'FAILURE', Protocol: 'MSRPS', Leg: 'downstream' } as const;
  expect(await trace.event(wanted)).toMatchObject({ Reason, Source: client.address, Destination: near });
  expect(trace.packets).toHaveLength(1);
  expect(hop.unclaimed).toBe(0);
  const next = await dial(tap.socket, { ...trusting(certs()), ...good });
  await carry(new Chat('msrps').ask('hello'), next, await hop.accept());
  expect(await tap.metric('connections', { leg: 'downstream' })).toBe(1);
}

test('tls_handshake_timeout: a client that says nothing', async () => {
  const here = await scene({}, { tls_handshake_timeout: 300 });
  await failsAs('tls_handshake_timeout', await dial(here.tap.socket), here);
});

test('tls_handshake_timeout: a client that stops halfway', async () => {
  const here = await scene({}, { tls_handshake_timeout: 300 });
  const client = await dial(here.tap.socket);
  client.send(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
  await failsAs('tls_handshake_timeout', client, here);
});

test.each(['fin', 'rst'] as const)('a client that gives up inside the handshake with a %s', async (how) => {
  const here = await scene();
  const client = await dial(here.tap.socket);
  await client.sent(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
  // An answer to this means that the connection before it was accepted.
  await here.tap.http('/healthz');
  if (how === 'fin') client.finish();
  else client.reset();
  await failsAs('tls_handshake_failed', client, here);
});

/** A handshake of TLS 1.3 is over for the client before the server has judged it. */
async function handshake(tap: Tap, by: CertFiles | null): Promise<Peer> {
  return dial(tap.socket, { ...trusting(certs()), ...(by === null ? {} : presenting(by)) });
}
const demanding = ({ ca }: Certs): Settings => ({ verify_cert: 1, require_cert: 1, ca_list: ca.certificate });

test('tls_certificate_required: a client without a certificate', async () => {
  const here = await scene(demanding(certs()));
  await failsAs('tls_certificate_required', await handshake(here.tap, null), here, presenting(certs().client));
});

test('tls_certificate_untrusted: a client with a certificate of another CA', async () => {
  const here = await scene(demanding(certs()));
  await failsAs(
    'tls_certificate_untrusted',
    await handshake(here.tap, certs().stranger),
    here,
    presenting(certs().client),
  );
});

test('tls_certificate_invalid: a client with a certificate that is for servers alone', async () => {
  const here = await scene(demanding(certs()));
  const client = await handshake(here.tap, certs().server);
  await failsAs('tls_certificate_invalid', client, here, presenting(certs().client));
});

test('verify_cert 1, require_cert 0: none is fine, a wrong one is not', async () => {
  const here = await scene({ ...demanding(certs()), require_cert: 0 });
  await failsAs('tls_certificate_untrusted', await handshake(here.tap, certs().stranger), here);
});

test('a server name that no domain is for', async () => {
  const here = await scene({ match_sip_domain: 'localhost' });
  const refused = dial(here.tap.socket, { ...trusting(certs()), servername: 'elsewhere.example.com' });
  await expect(refused).rejects.toHaveProperty('code');
  expect(await here.trace.event({ Event: 'ACCEPTED' })).toMatchObject({
    Status: 'FAILURE',
    Reason: 'tls_no_domain',
  });
});

test('a client of TLS 1.2 that would shake hands again, as somebody else perhaps, is not followed', async () => {
  const { tap, hop } = await scene();
  const client = await dial(tap.socket, { ...trusting(certs()), maxVersion: 'TLSv1.2' });
  await carry(new Chat('msrps').ask('hello'), client, await hop.accept());
  const { socket } = client;
  if (!(socket instanceof TLSSocket)) throw new Error('no TLS');
  socket.on('error', () => {});
  const refused = new Promise((resolve) => {
    socket.once('close', () => resolve('closed'));
    socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null ? 'renegotiated' : 'refused'));
  });
  expect(await refused).not.toBe('renegotiated');
  // And who comes next is let in.
  const next = await dial(tap.socket, trusting(certs()));
  await carry(new Chat('msrps').ask('hello'), next, await hop.accept());
});
