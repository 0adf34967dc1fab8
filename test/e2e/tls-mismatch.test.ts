/** Two that do not fit together over TLS: the reason tells what to change, and where. */
import { expect, test } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { useCerts, type CertFiles } from '../helpers/certs.js';
import { dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { tapBefore } from '../helpers/scene.js';
import { startTap, type Settings } from '../helpers/tap.js';
import { tlsDomains } from '../helpers/tls.js';
import { Trace, type TracedEvent } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';
import { OpenSsl } from '../interop/openssl.js';

const certs = useCerts();

const identity = ({ certificate, private_key }: CertFiles): string[] => ['-cert', certificate, '-key', private_key];

/** How s_server takes a connection of a msrptap with that client_domain: the last event of it. */
async function withServer(
  args: readonly string[],
  client: Settings,
  wanted: Partial<TracedEvent>,
): Promise<TracedEvent> {
  const callee = await OpenSsl.server('127.0.0.1', ...identity(certs().server), ...args);
  const trace = await Trace.start();
  const upstream = `msrps:${formatEndpoint(callee.socket)}`;
  const tap = await startTap({ upstream, trace, tls_mgm: tlsDomains(certs(), { client }) });
  const peer = await dial(tap.socket);
  peer.send(new Chat().ask('hello'));
  return trace.event({ Leg: 'upstream', Status: 'FAILURE', ...wanted });
}

test('a next hop that answers in TLS to plain MSRP: upstream: msrps:', async () => {
  const hop = await NextHop.start();
  const { trace, tap } = await tapBefore(hop.url);
  const { client, server } = await linkThrough(tap.socket, hop);
  client.send(new Chat().ask('hello'));
  // The alert protocol_version, as some TLS servers answer.
  server.send(Buffer.from([0x15, 3, 1, 0, 2, 2, 70]));
  const closed = await trace.event({ Event: 'CLOSED', Leg: 'upstream' });
  expect(closed).toMatchObject({ Status: 'FAILURE', Reason: 'tls_unexpected' });
  expect(closed.Message).toContain('upstream: msrps:');
});

test('TLS that on_parse_error: pass lets through is passed on', async () => {
  const hop = await NextHop.start();
  const { tap } = await tapBefore(hop.url, { on_parse_error: 'pass' });
  const { client, server } = await linkThrough(tap.socket, hop);
  const bytes = Buffer.from([0x16, 3, 1, 0, 2, 1, 0]);
  client.send(bytes);
  expect(await server.receive(bytes.length)).toEqual(bytes);
});

test('a next hop that hangs up without a byte of TLS may speak none', async () => {
  const hop = await NextHop.start();
  const { trace, tap } = await tapBefore(hop.url.replace('msrp:', 'msrps:'));
  await dial(tap.socket);
  const server = await hop.accept();
  await server.receive(100);
  server.finish();
  const failed = await trace.event({ Event: 'CONNECTED' });
  expect(failed).toMatchObject({ Status: 'FAILURE', Reason: 'tls_handshake_failed' });
  expect(failed.Message).toContain('perhaps it speaks no TLS (upstream: msrp:)');
});

test('a next hop with another version', async () => {
  const failed = await withServer(['-tls1_2'], { tls_method: 'TLSv1_3' }, { Event: 'CONNECTED' });
  expect(failed).toMatchObject({ Reason: 'tls_version_mismatch' });
});

test('a next hop that wants a certificate, and gets none', async () => {
  const closed = await withServer(['-Verify', '1'], {}, { Event: 'CLOSED' });
  // The handshake is over for the client before the server has judged it [RFC 8446 §4.4.2.4].
  expect(closed).toMatchObject({ Reason: 'tls_certificate_required' });
  expect(closed.Message).toContain('set certificate and private_key of the client_domain');
});

test('a next hop that does not trust the certificate of the client_domain', async () => {
  const wants = ['-Verify', '1', '-verify_return_error', '-CAfile', certs().otherCa.certificate];
  const closed = await withServer(wants, { ...certs().client }, { Event: 'CLOSED' });
  expect(closed).toMatchObject({ Reason: 'tls_certificate_refused' });
});

test('a client that does not trust the certificate of the server_domain', async () => {
  const trace = await Trace.start();
  const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: 'msrp:127.0.0.1:9' }];
  const tap = await startTap({ listeners, trace, tls_mgm: tlsDomains(certs()) });
  OpenSsl.client(tap.socket, '-CAfile', certs().otherCa.certificate);
  expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({
    Status: 'FAILURE',
    Reason: 'tls_certificate_refused',
  });
});

test('a ClientHello octet by octet is one all the same', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
  const domains = tlsDomains(certs(), { server: { match_sip_domain: 'localhost' } });
  const tap = await startTap({ listeners, trace, tls_mgm: domains });
  const relay = await NextHop.start();
  const hello = new Chat('msrps').ask('hello');
  const caller = OpenSsl.client(relay, '-CAfile', certs().ca.certificate);
  caller.send(hello);
  const near = await relay.accept();
  const far = await dial(tap.socket);
  let forwarded = Promise.resolve();
  let isHello = true;
  const forward = async (bytes: Buffer): Promise<void> => {
    const size = isHello ? 1 : bytes.length;
    isHello = false;
    for (let at = 0; at < bytes.length; at += size) await far.sent(bytes.subarray(at, at + size));
  };
  const relayed = [
    near.each(Number.MAX_SAFE_INTEGER, (bytes) => (forwarded = forwarded.then(() => forward(bytes)))),
    far.each(Number.MAX_SAFE_INTEGER, (bytes) => near.send(bytes)),
  ];
  // They end with the test.
  void Promise.allSettled(relayed);
  expect((await (await hop.accept()).receive(hello.length)).equals(hello)).toBe(true);
});
