/** Next hops that clients name: those that are allowed, and what becomes of all the others. */
import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import { writeRequest } from '#src/msrp/writer.js';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { serving, tlsDomains } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';

const certs = useCerts();

/** Loopback is where these tests are; all but what each wants refused. */
const ANYWHERE = ['127.0.0.0/8:1-65535', '[::1]:1-65535'];

async function start(to_path: Settings = {}, more: Settings = {}): Promise<{ trace: Trace; tap: Tap }> {
  const trace = await Trace.start();
  const tap = await startTap({
    listeners: [{ socket: 'msrp:0.0.0.0:0', upstream: 'to_path' }],
    to_path: { allow: ANYWHERE, ...to_path },
    trace,
    ...more,
  });
  return { trace, tap };
}

const local = (tap: Tap): Endpoint => ({ ip: '127.0.0.1', port: tap.socket.port });

let count = 0;
/** The first request of a session. */
function request(...toPath: readonly string[]): Buffer {
  count += 1;
  return writeRequest({
    transactionId: `tid${count}abc`,
    method: 'SEND',
    toPath: toPath,
    fromPath: 'msrp://client.example.com:7/from;tcp',
    headers: [['Message-ID', `m${count}`]],
    flag: '$',
  });
}

const uri = (authority: string, scheme = 'msrp'): string => `${scheme}://${authority}/sess${count};tcp`;

/** Has a client ask for `authority`: it is reset, nothing is dialled, and why is told. */
async function refused({ trace, tap }: { trace: Trace; tap: Tap }, toPath: string): Promise<string> {
  const before = await tap.metric('connections_total', { leg: 'upstream', result: 'success' });
  const client = await dial(local(tap));
  client.send(request(toPath));
  expect(await client.end).toBe('rst');
  const closed = await trace.event({ Event: 'CLOSED', Leg: 'downstream', Destination: client.address });
  expect(closed.Status).toBe('FAILURE');
  expect(await tap.metric('connections_total', { leg: 'upstream', result: 'success' })).toBe(before);
  return closed.Reason ?? '';
}

describe('what is allowed', () => {
  test.each(['127.0.0.1', '::1'])('an address (%s), with all that was said before it stood', async (ip) => {
    const hop = await NextHop.start({ ip });
    const { trace, tap } = await start();
    const client = await dial(local(tap));
    const first = request(uri(hop.address), uri('far.example.com:9'));
    const said = Buffer.concat([Buffer.from('\r\n'), first, request(uri('elsewhere.example.com'))]);
    client.socket.setNoDelay(true);
    for (let at = 0; at < said.length; at += 50) await client.sent(said.subarray(at, at + 50));
    const server = await hop.accept();
    expect((await server.receive(said.length)).toString()).toBe(said.toString());
    await carry(request(uri('client.example.com')), server, client);
    expect(await trace.event({ Event: 'CONNECTED' })).toMatchObject({ Status: 'SUCCESS', Destination: hop.address });
    expect(await trace.message(first)).toMatchObject({ destination: hop.address });
  });

  test('a name', async () => {
    const hop = await NextHop.start();
    const { tap } = await start();
    const client = await dial(local(tap));
    const first = request(uri(`localhost:${hop.port}`));
    await carry(first, client, await sent(client, first, hop));
  });

  test('over TLS', async () => {
    const hop = await NextHop.start({ tls: serving(certs().server) });
    const { trace, tap } = await start({}, { tls_mgm: tlsDomains(certs()) });
    const client = await dial(local(tap));
    const first = request(uri(`localhost:${hop.port}`, 'msrps'));
    client.send(first);
    const server = await hop.accept();
    await server.receive(first.length);
    expect(await trace.event({ Event: 'CONNECTED' })).toMatchObject({ Protocol: 'MSRPS', Status: 'SUCCESS' });
  });

  test('one that does not answer is a failed dial like any other', async () => {
    const hop = await NextHop.start();
    hop.stopListening();
    const { trace, tap } = await start();
    const client = await dial(local(tap));
    client.send(request(uri(hop.address)));
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CONNECTED', Status: 'FAILURE', Reason: 'connect_refused', Destination: hop.address });
    await trace.event({ Event: 'CLOSED', Leg: 'downstream', Reason: 'link_closed' });
  });
});

/** The connection that comes for a first request. */
async function sent(client: { send(bytes: Buffer): void }, first: Buffer, hop: NextHop): Promise<Peer> {
  client.send(first);
  const server = await hop.accept();
  await server.receive(first.length);
  return server;
}

describe('what is refused', () => {
  test('an address or a port that is not allowed', async () => {
    const hop = await NextHop.start();
    const scene = await start({ allow: [`127.0.0.1:${hop.port}`, '10.0.0.0/8'] });
    expect(await refused(scene, uri(`127.0.0.2:${hop.port}`))).toBe('to_path_forbidden');
    expect(await refused(scene, uri('127.0.0.1'))).toBe('to_path_forbidden');
    expect(await refused(scene, uri(`[::1]:${hop.port}`))).toBe('to_path_forbidden');
    expect(await refused(scene, uri('10.0.0.1:2856'))).toBe('to_path_forbidden');
    expect(scene.trace.events({ Event: 'CONNECTED' }).map(({ Status, Reason }) => [Status, Reason])).toEqual(
      Array.from({ length: 4 }, () => ['FAILURE', 'to_path_forbidden']),
    );
    expect(hop.unclaimed).toBe(0);
  });

  test('addresses that are never dialled, whatever is allowed', async () => {
    const scene = await start({ allow: ['0.0.0.0/0:1-65535', '::/0:1-65535'] });
    for (const host of [
      '169.254.169.254',
      '224.0.0.1',
      '0.0.0.0',
      '[::]',
      '[fe80::1]',
      '[ff02::1]',
      '[::ffff:169.254.169.254]',
    ]) {
      expect([host, await refused(scene, uri(`${host}:80`))]).toEqual([host, 'to_path_forbidden']);
    }
  });

  test('an IPv4 address written as IPv6 is what it is', async () => {
    const hop = await NextHop.start();
    const scene = await start({ allow: [`[::]/0:${hop.port}`, `127.0.0.2:${hop.port}`] });
    expect(await refused(scene, uri(`[::ffff:127.0.0.1]:${hop.port}`))).toBe('to_path_forbidden');
    expect(await refused(scene, uri(`[::ffff:7f00:1]:${hop.port}`))).toBe('to_path_forbidden');
    expect(hop.unclaimed).toBe(0);
  });

  test('hosts that are addresses in disguise, and URIs that are none', async () => {
    const hop = await NextHop.start();
    const scene = await start();
    for (const host of ['2130706433', '0x7f.1', '0177.0.0.1', '127.1', '127.0.0.1.', '%31%32%37.0.0.1']) {
      expect([host, await refused(scene, uri(`${host}:${hop.port}`))]).toEqual([host, 'to_path_invalid']);
    }
    expect(await refused(scene, uri(hop.address, 'http'))).toBe('to_path_invalid');
    expect(await refused(scene, `msrp://${hop.address}/x;sctp`)).toBe('to_path_invalid');
    expect(hop.unclaimed).toBe(0);
  });

  test('a name that resolves to a forbidden address, be it one of several', async () => {
    const hop = await NextHop.start();
    const scene = await start({ allow: [`127.0.0.2:${hop.port}`] });
    expect(await refused(scene, uri(`localhost:${hop.port}`))).toBe('to_path_forbidden');
    expect(hop.unclaimed).toBe(0);
  });

  test('its own sockets, by whatever name or address', async () => {
    const scene = await start();
    const { port } = scene.tap.socket;
    for (const host of ['127.0.0.1', '127.0.0.2', 'localhost', '[::ffff:127.0.0.1]', '[::ffff:7f00:2]']) {
      expect([host, await refused(scene, uri(`${host}:${port}`))]).toEqual([host, 'loop']);
    }
    // httpd, which clients must not reach either.
    expect(await refused(scene, uri(`127.0.0.1:${scene.tap.httpd.port}`))).toBe('loop');
    expect(await refused(scene, uri(`${hostname()}:${port}`))).toMatch(
      /^(?:loop|dns_\w+|to_path_(?:forbidden|invalid))$/,
    );
    expect(await scene.tap.metric('connections_total', { leg: 'upstream', result: 'success' })).toBe(0);
  });

  test('a request without To-Path', async () => {
    const { trace, tap } = await start();
    const client = await dial(local(tap));
    client.send('MSRP abcd SEND\r\nFrom-Path: msrp://a.example.com:1/a;tcp\r\n-------abcd$\r\n');
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Status: 'FAILURE', Reason: 'to_path_invalid' });
  });
});

describe('what is not said', () => {
  test('nothing in time', async () => {
    const { trace, tap } = await start({ timeout: 300 });
    const client = await dial(local(tap));
    const whole = request(uri('127.0.0.1:9'));
    client.send(whole.subarray(0, 30));
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Status: 'FAILURE', Reason: 'to_path_timeout' });
    // What was said is mirrored all the same, as far as it came.
    await trace.until(({ payload }) => payload.includes('[msrptap: cut after 30 bytes]'));
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(0);
  });

  test('too much before it', async () => {
    const { trace, tap } = await start({ max_bytes: 2_048 });
    const client = await dial(local(tap));
    client.send('\r\n'.repeat(2_048));
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Status: 'FAILURE', Reason: 'to_path_overflow' });
  });

  test('a header section that does not end', async () => {
    const { trace, tap } = await start();
    const client = await dial(local(tap));
    client.send(`MSRP abcd SEND\r\nTo-Path: ${'x'.repeat(20_000)}`);
    expect(await client.end).toBe('rst');
    const { Reason } = await trace.event({ Event: 'CLOSED', Status: 'FAILURE' });
    expect(Reason).toMatch(/^(?:headers_too_large|to_path_overflow)$/);
  });

  test('bytes that are not MSRP', async () => {
    const { trace, tap } = await start();
    const client = await dial(local(tap));
    client.send('GET / HTTP/1.1\r\n\r\n');
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Status: 'FAILURE', Reason: 'parse_error' });
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(0);
  });

  test('an end before a word: a clean one, as health checks have it', async () => {
    const { trace, tap } = await start();
    const client = await dial(local(tap));
    client.finish();
    expect(await client.end).toBe('fin');
    await trace.event({ Event: 'CLOSED', Status: 'SUCCESS', Reason: 'peer_closed' });
    expect(trace.events({ Event: 'CONNECTED' })).toEqual([]);
  });

  test('an end inside the first request', async () => {
    const { trace, tap } = await start();
    const client = await dial(local(tap));
    await client.sent(request(uri('127.0.0.1:9')).subarray(0, 40));
    client.finish();
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Status: 'FAILURE', Reason: 'to_path_invalid' });
  });

  test('a stop while it is waited for', async () => {
    const { tap } = await start({ timeout: 60_000 });
    await dial(local(tap));
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1);
    // The end of the test stops it, and waits for it.
  });
});

describe('loops', () => {
  test('two that send by To-Path, pointed at each other', async () => {
    const [one, other] = [await start(), await start()];
    const client = await dial(local(one.tap));
    client.send(request(uri(`127.0.0.1:${other.tap.socket.port}`), uri(`127.0.0.1:${one.tap.socket.port}`)));
    expect(await client.end).toBe('rst');
    // It is the first URI for both, and the second finds itself in it.
    await other.trace.event({ Event: 'CONNECTED', Status: 'FAILURE', Reason: 'loop' });
    await eventually(() => one.tap.metric('connections', { leg: 'upstream' })).toBe(0);
  });

  test('one by To-Path, and one behind it that leads back: ends after a few rounds', async () => {
    const one = await start();
    const back = await startTap({ upstream: `msrp:127.0.0.1:${one.tap.socket.port}` });
    const client = await dial(local(one.tap));
    client.send(request(uri(`127.0.0.1:${back.socket.port}`)));
    expect(await client.end).toBe('rst');
    await one.trace.event({ Event: 'CONNECTED', Status: 'FAILURE', Reason: 'loop' });
    await eventually(() => one.tap.metric('connections', { leg: 'downstream' })).toBe(0);
    expect(await one.tap.metric('connections_total', { leg: 'downstream', result: 'success' })).toBe(9);
    await eventually(() => back.metric('connections', { leg: 'downstream' })).toBe(0);
  });
});
