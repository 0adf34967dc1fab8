/** TLS handshakes with next hops that fail: what the client sees, what Homer is told, and that the next one works. */
import { expect, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop, type NextHopOptions } from '../helpers/endpoint.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

interface Scene {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
  readonly near: string;
}

async function scene(
  of: NextHopOptions,
  { client = {}, proto_msrp = {}, host }: { client?: Settings; proto_msrp?: Settings; host?: string } = {},
): Promise<Scene> {
  const trace = await Trace.start();
  const hop = await NextHop.start(of);
  const upstream = `msrps:${host ?? hop.ip}:${hop.port}`;
  const tap = await startTap({ upstream, trace, proto_msrp, tls_mgm: tlsDomains(certs(), { client }) });
  return { trace, tap, hop, near: `127.0.0.1:${tap.socket.port}` };
}

/** The client sees a RST; ACCEPTED, CONNECTED FAILURE, CLOSED; a good next hop in the same place is reached. */
async function failsAs(Reason: string, { trace, tap, hop, near }: Scene, good?: NextHopOptions): Promise<void> {
  const client = await dial(tap.socket);
  expect(await client.end).toBe('rst');
  await trace.count(3);
  expect(trace.events()).toEqual([
    expect.objectContaining({ Event: 'ACCEPTED', Protocol: 'MSRP', Status: 'SUCCESS' }),
    expect.objectContaining({
      Event: 'CONNECTED',
      Protocol: 'MSRPS',
      Status: 'FAILURE',
      Reason,
      Destination: hop.address,
    }),
    expect.objectContaining({
      Event: 'CLOSED',
      Status: 'FAILURE',
      Reason: 'link_closed',
      Source: near,
      Destination: client.address,
    }),
  ]);
  // TCP stood: the local address is known.
  expect(trace.events({ Event: 'CONNECTED' })[0]?.Source).toMatch(/^127\.0\.0\.\d:[1-9]/);
  if (good === undefined) return;
  hop.stopListening();
  const next = await NextHop.start({ ip: hop.ip, port: hop.port, ...good });
  const { client: again, server } = await linkThrough(tap.socket, next);
  await carry(new Chat().ask('hello'), again, server);
}

test('an expired certificate', async () => {
  await failsAs('tls_certificate_expired', await scene({ tls: serving(certs().expired) }), {
    tls: serving(certs().server),
  });
});

test('a certificate that is not valid yet', async () => {
  await failsAs('tls_certificate_expired', await scene({ tls: serving(certs().future) }));
});

test('a certificate of another CA', async () => {
  await failsAs('tls_certificate_untrusted', await scene({ tls: serving(certs().stranger) }));
});

test('a certificate for another address', async () => {
  // It is for 127.0.0.1, ::1 and localhost.
  await failsAs('tls_certificate_wrong_name', await scene({ ip: '127.0.0.2', tls: serving(certs().server) }));
});

test('a certificate for the name that was configured is right, wherever that leads', async () => {
  const { tap, hop } = await scene({ tls: serving(certs().server) }, { host: 'localhost' });
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
});

test('verify_cert 0 takes any certificate', async () => {
  const { tap, hop } = await scene({ tls: serving(certs().expired) }, { client: { verify_cert: 0 } });
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
});

test('a next hop that does not speak TLS', async () => {
  const here = await scene({});
  const failing = failsAs('tls_expected', here, { tls: serving(certs().server) });
  (await here.hop.accept()).send(new Chat().tell('hello'));
  await failing;
});

test('a next hop that never answers the handshake', async () => {
  const here = await scene({}, { proto_msrp: { tls_handshake_timeout: 300 } });
  await failsAs('tls_handshake_timeout', here, { tls: serving(certs().server) });
});

test.each(['fin', 'rst'])('a next hop that gives up inside the handshake with a %s', async (how) => {
  const here = await scene({});
  const failing = failsAs('tls_handshake_failed', here, { tls: serving(certs().server) });
  const server = await here.hop.accept();
  await server.receive(100);
  if (how === 'fin') server.finish();
  else server.reset();
  await failing;
});

test('a next hop that wants a certificate gets the one of the client_domain', async () => {
  const hop = await NextHop.start({
    tls: serving(certs().server, { requestCert: true, rejectUnauthorized: true, ca: trusting(certs()).ca }),
  });
  const tap = await startTap({ upstream: hop.url, tls_mgm: tlsDomains(certs(), { client: { ...certs().client } }) });
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
});

test('a next hop that wants a certificate and gets none: the client is reset', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start({
    tls: serving(certs().server, { requestCert: true, rejectUnauthorized: true, ca: trusting(certs()).ca }),
  });
  const tap = await startTap({ upstream: hop.url, trace, tls_mgm: tlsDomains(certs()) });
  const client = await dial(tap.socket);
  expect(await client.end).toBe('rst');
  await trace.event({ Event: 'CLOSED', Leg: 'downstream', Status: 'FAILURE', Reason: 'link_closed' });
  // With TLS 1.3 the handshake is over for the client before the server has judged it.
  expect(trace.events({ Leg: 'upstream' }).at(-1)).toMatchObject({ Status: 'FAILURE' });
});
