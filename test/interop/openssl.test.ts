/** OpenSSL's own client and server at both ends of msrps. */
import { describe, expect, test } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { useCerts } from '../helpers/certs.js';
import { dial, NextHop } from '../helpers/endpoint.js';
import { TapProcess } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { conversation, converse, newSession } from './conversation.js';
import { OpenSsl } from './openssl.js';

const certs = useCerts();

/** A server_domain that wants a certificate of ours, and a client_domain that shows one and takes ours only. */
function domains() {
  const { ca, server, client } = certs();
  return {
    server_domain: { ours: { ...server, verify_cert: 1, require_cert: 1, ca_list: ca.certificate } },
    client_domain: { ours: { ...client, verify_cert: 1, ca_list: ca.certificate } },
  };
}

/** For s_client and s_server: who they are, and whom they trust. */
function identity(own: { readonly certificate: string; readonly private_key: string }): string[] {
  return ['-cert', own.certificate, '-key', own.private_key, '-CAfile', certs().ca.certificate];
}

describe.each([
  { version: '-tls1_2', ip: '127.0.0.1' },
  { version: '-tls1_3', ip: '::1' },
])('s_client and s_server with $version over $ip', ({ version, ip }) => {
  test('talk through msrps on both sides, with certificates on all', async () => {
    const { server, client } = certs();
    const trace = await Trace.start();
    const wantsOurs = ['-Verify', '1', '-verify_return_error'];
    const callee = await OpenSsl.server(ip, version, ...wantsOurs, ...identity(server));
    const upstream = `msrps:${formatEndpoint(callee.socket)}`;
    const tap = await TapProcess.start({
      listeners: [{ socket: `msrps:${formatEndpoint({ ip, port: 0 })}`, upstream }],
      trace,
      tls_mgm: domains(),
      proto_msrp: { trace_body: 'full' },
    });
    const caller = OpenSsl.client(tap.socket, version, ...identity(client));
    const said = conversation(newSession());
    await converse(caller, callee.server, said);
    expect(callee.server.output).toMatch(/subject=CN ?= ?client\n/);
    caller.finish();
    const [accepted, connected] = await Promise.all([
      trace.event({ Event: 'ACCEPTED' }),
      trace.event({ Event: 'CONNECTED' }),
      trace.event({ Event: 'CLOSED', Leg: 'downstream', Status: 'SUCCESS', Reason: 'peer_closed' }),
      trace.event({ Event: 'CLOSED', Leg: 'upstream', Status: 'SUCCESS', Reason: 'link_closed' }),
    ]);

    expect(accepted).toMatchObject({ Protocol: 'MSRPS', Status: 'SUCCESS', Destination: formatEndpoint(tap.socket) });
    expect(connected).toMatchObject({
      Protocol: 'MSRPS',
      Status: 'SUCCESS',
      Destination: formatEndpoint(callee.socket),
    });
    expect(trace.messages.map(({ payload }) => payload.toString('latin1'))).toEqual(
      said.map(({ octets }) => octets.toString('latin1')),
    );
  });

  test('a client without a certificate is refused', async () => {
    const trace = await Trace.start();
    const nextHop = await NextHop.start();
    const listener = { socket: `msrps:${formatEndpoint({ ip, port: 0 })}`, upstream: nextHop.url };
    const tap = await TapProcess.start({ listeners: [listener], trace, tls_mgm: domains() });
    const caller = OpenSsl.client(tap.socket, version, '-CAfile', certs().ca.certificate);
    await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'tls_certificate_required' });
    expect(await caller.complaints()).not.toContain('verify error');
  });

  test('a server whose certificate another CA has signed is not talked to', async () => {
    const { server, otherCa } = certs();
    const trace = await Trace.start();
    const callee = await OpenSsl.server(ip, version, ...identity(server));
    const tap = await TapProcess.start({
      upstream: `msrps:${formatEndpoint(callee.socket)}`,
      trace,
      tls_mgm: { client_domain: { strict: { verify_cert: 1, ca_list: otherCa.certificate } } },
    });
    const caller = await dial(tap.socket);
    caller.send(conversation(newSession())[0]?.octets ?? '');
    expect(await caller.end).toBe('rst');
    const failure = await trace.event({ Event: 'CONNECTED' });
    expect(failure).toMatchObject({ Protocol: 'MSRPS', Status: 'FAILURE', Reason: 'tls_certificate_untrusted' });
    await callee.server.complaints();
    expect(callee.server.output).not.toContain('MSRP');
  });
});
