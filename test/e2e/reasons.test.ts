/** Ways to fail and to end that no other test is about, each with the Reason that Homer is told. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { Parser } from '#src/msrp/parser.js';
import { useCerts } from '../helpers/certs.js';
import { dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { connectsFail } from '../helpers/connects-fail.js';
import { everyNameIs, lookupError } from '../helpers/resolver.js';
import { scene, stillWorks, tapBefore } from '../helpers/scene.js';
import { startTap, type Settings } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

/** A link to `upstream` comes to nothing: the client sees a RST, and Homer is told why. */
async function failsAs(Reason: string, upstream: string, proto_msrp: Settings = {}): Promise<void> {
  const { trace, tap } = await tapBefore(upstream, proto_msrp);
  // The RST may be there before the client has heard that it is connected.
  const end = dial(tap.socket).then(
    (client) => client.end,
    ({ code }: NodeJS.ErrnoException) => code,
  );
  expect(['rst', 'ECONNRESET']).toContain(await end);
  expect(await trace.event({ Event: 'CONNECTED' })).toMatchObject({ Status: 'FAILURE', Reason });
  expect(await tap.metric('connection_failures_total', { leg: 'upstream', reason: Reason })).toBe(1);
}

test('a next hop that no route leads to', async () => {
  // TCP to the broadcast address of a network: the kernel says so itself.
  await failsAs('connect_unreachable', 'msrp:127.255.255.255:2855');
});

test('a next hop that cannot be dialled for any other reason', async () => {
  connectsFail('127.0.0.99', 'EACCES');
  await failsAs('connect_failed', 'msrp:127.0.0.99:2855');
});

test('no local port is left', async () => {
  connectsFail('127.0.0.99', 'EADDRNOTAVAIL');
  await failsAs('local_ports', 'msrp:127.0.0.99:2855');
});

test.each(['EMFILE', 'ENFILE'] as const)('%s: the open-file limit', async (code) => {
  connectsFail('127.0.0.99', code);
  await failsAs('open_files', 'msrp:127.0.0.99:2855');
});

test.each(['ENOTFOUND', 'ENODATA'])('a name that nobody has (%s)', async (code) => {
  everyNameIs(Promise.reject(lookupError(code)));
  await failsAs('dns_not_found', 'msrp:msrp.example.com');
});

test('a name server that fails', async () => {
  everyNameIs(Promise.reject(lookupError('EAI_AGAIN')));
  await failsAs('dns_failed', 'msrp:msrp.example.com');
});

test('a name server that does not answer', async () => {
  everyNameIs(new Promise(() => {}));
  await failsAs('dns_timeout', 'msrp:msrp.example.com', { connect_timeout: 200 });
});

test('a client that breaks TLS', async () => {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
  const tap = await startTap({ listeners, trace, tls_mgm: tlsDomains(certs()) });
  const client = await dial(tap.socket, trusting(certs()));
  const server = await hop.accept();
  // Below TLS: a record that nobody encrypted.
  client.raw.write(Buffer.from([0x17, 3, 3, 0, 4, 1, 2, 3, 4]));
  expect(await server.end).toBe('rst');
  expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
    Protocol: 'MSRPS',
    Status: 'FAILURE',
    Reason: 'tls_error',
  });
});

test('a next hop that breaks TLS', async () => {
  const [trace, hop] = [await Trace.start(), await NextHop.start({ tls: serving(certs().server) })];
  const tap = await startTap({ upstream: hop.url, trace, tls_mgm: tlsDomains(certs()) });
  const { client, server } = await linkThrough(tap.socket, hop);
  server.raw.write(Buffer.from([0x17, 3, 3, 0, 4, 1, 2, 3, 4]));
  expect(await client.end).toBe('rst');
  const closed = await trace.event({ Event: 'CLOSED', Leg: 'upstream' });
  expect(closed).toMatchObject({ Protocol: 'MSRPS', Status: 'FAILURE', Reason: 'tls_error' });
});

test('a fault inside msrptap costs one link', async () => {
  const { trace, tap, hop, client, server } = await scene();
  const parse = vi.spyOn(Parser.prototype, 'parse').mockImplementationOnce(() => {
    throw new Error('a fault');
  });
  onTestFinished(() => parse.mockRestore());
  client.send(new Chat().ask('hello'));
  expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
  await trace.count(4);
  expect(trace.events({ Event: 'CLOSED' })).toEqual(
    Array.from({ length: 2 }, () =>
      expect.objectContaining({
        Status: 'FAILURE',
        Reason: 'internal_error',
        Message: expect.stringContaining('a fault'),
      }),
    ),
  );
  await stillWorks(tap, hop);
});
