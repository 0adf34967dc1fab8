/** Bytes that are not MSRP, messages that drip, and more connections than there may be. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { startTap, type Settings } from '../helpers/tap.js';
import { serving, tlsDomains } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

/** The first octets of a TLS client, as it sends them. */
async function clientHello(): Promise<Buffer> {
  const hop = await NextHop.start();
  const stream = connectTls({ port: hop.port, host: hop.ip }).on('error', () => {});
  onTestFinished(() => void stream.destroy());
  return (await hop.accept()).receive(200);
}

const GARBAGE: readonly (readonly [string, string, () => Buffer | Promise<Buffer>])[] = [
  ['HTTP', 'start_line', () => Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')],
  ['a TLS ClientHello', 'start_line', clientHello],
  ['random octets', 'start_line', () => Buffer.concat([Buffer.from([0]), randomBytes(4_000)])],
  ['SIP', 'start_line', () => Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n')],
];

describe('what is not MSRP', () => {
  test.each(GARBAGE)('from a client, %s: both connections are reset, none of it goes on', async (_, kind, bytes) => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, trace });
    const garbage = await bytes();
    const { client, server } = await linkThrough(tap.socket, hop);
    client.send(garbage);
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(server.octets).toBe(0);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'parse_error',
      Source: `127.0.0.1:${tap.socket.port}`,
    });
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({ Status: 'FAILURE', Reason: 'link_closed' });
    expect(trace.messages).toEqual([]);
    expect(await tap.metric('parse_errors_total', { reason: kind })).toBe(1);
    await linkThrough(tap.socket, hop);
  });

  test('from a next hop: the same, the other way round', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, trace });
    const { client, server } = await linkThrough(tap.socket, hop);
    server.send('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(client.octets).toBe(0);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({ Status: 'FAILURE', Reason: 'parse_error' });
  });

  test('after good messages: those are passed on and mirrored', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, trace });
    const { client, server } = await linkThrough(tap.socket, hop);
    const hello = new Chat().ask('hello');
    await carry(hello, client, server);
    client.send(Buffer.concat([hello, Buffer.from('GET / HTTP/1.1\r\n')]));
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Leg: 'downstream', Reason: 'parse_error', MessagesIn: 2 });
    expect(trace.messages.map(({ payload }) => payload.toString())).toEqual([hello.toString(), hello.toString()]);
  });

  test('on_parse_error pass: it goes on, and is looked at no more', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, trace, proto_msrp: { on_parse_error: 'pass' } });
    const { client, server } = await linkThrough(tap.socket, hop);
    const hello = new Chat().ask('hello');
    for (const bytes of [hello, randomBytes(50_000), hello]) {
      const notMsrp = bytes === hello ? bytes : Buffer.concat([Buffer.from('\0'), bytes]);
      await carry(notMsrp, client, server);
    }
    // The other direction is still understood.
    const answer = new Chat().tell('answer');
    await carry(answer, server, client);
    await trace.message(answer);
    expect(trace.messages).toHaveLength(2);
    expect(await tap.metric('parse_errors_total')).toBe(1);
  });

  test('a header section of 17 KiB', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, trace });
    const { client, server } = await linkThrough(tap.socket, hop);
    const fits = new Chat().ask({ body: 'x', headers: [['X-Long', 'y'.repeat(15 * 1_024)]] });
    await carry(fits, client, server);
    client.send(new Chat().ask({ body: 'x', headers: [['X-Long', 'y'.repeat(17 * 1_024)]] }));
    expect(await client.end).toBe('rst');
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({ Reason: 'parse_error' });
    expect(await tap.metric('parse_errors_total', { reason: 'header_section_too_long' })).toBe(1);
  });

  test('plain MSRP on a TLS socket: an accept that failed', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
    const tap = await startTap({ listeners, trace, tls_mgm: tlsDomains(certs()) });
    const client = await dial(tap.socket);
    client.send(new Chat('msrps').ask('hello'));
    await client.end;
    expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({
      Protocol: 'MSRPS',
      Status: 'FAILURE',
      Reason: 'tls_handshake_failed',
      Source: client.address,
      Destination: `127.0.0.1:${tap.socket.port}`,
    });
    expect(hop.unclaimed).toBe(0);
    expect(await tap.metric('connections_total', { leg: 'downstream', proto: 'msrps', result: 'failure' })).toBe(1);
  });

  test('garbage inside TLS, from a next hop', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start({ tls: serving(certs().server) });
    const tap = await startTap({ upstream: hop.url, trace, tls_mgm: tlsDomains(certs()) });
    const { client, server } = await linkThrough(tap.socket, hop);
    server.send(randomBytes(64).fill(0, 0, 1));
    expect(await client.end).toBe('rst');
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({ Protocol: 'MSRPS', Reason: 'parse_error' });
  });

  test('garbage on the HTTP port', async () => {
    const tap = await startTap({});
    const client = await dial(tap.httpd);
    client.send(randomBytes(2_000).fill(0, 0, 1));
    client.finish();
    await client.end;
    expect(await tap.http('/readyz')).toMatchObject({ status: 200 });
  });
});

describe('max_msg_chunks', () => {
  const limits = (max_msg_chunks: number): Settings => ({ max_msg_chunks });

  /** Writes one octet after another, each of them read in a turn of its own, until the connection is gone. */
  async function drip(bytes: Buffer, from: Peer, to: Peer): Promise<number> {
    let count = 0;
    for (const octet of bytes) {
      try {
        from.send(Buffer.from([octet]));
        await to.receive(1);
      } catch {
        break;
      }
      count += 1;
    }
    return count;
  }

  test("a drip-fed message is dropped with the document's 4", async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, trace, proto_msrp: limits(4) });
    const { client, server } = await linkThrough(tap.socket, hop);
    const count = await drip(new Chat().ask('x'.repeat(200)), client, server);
    // 4 × 536 octets may be missing; each read of one octet misses 535.
    expect(count).toBeGreaterThanOrEqual(4);
    expect(count).toBeLessThanOrEqual(5);
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'max_msg_chunks',
    });
  });

  test('eight small writes of an honest client pass with 64', async () => {
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, proto_msrp: limits(64) });
    const { client, server } = await linkThrough(tap.socket, hop);
    const chat = new Chat();
    for (let i = 0; i < 20; i += 1) {
      const message = chat.ask('a'.repeat(400));
      const size = Math.ceil(message.length / 8);
      for (let at = 0; at < message.length; at += size) await carry(message.subarray(at, at + size), client, server);
    }
  });

  test('0 lets any message through', async () => {
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, proto_msrp: limits(0) });
    const { client, server } = await linkThrough(tap.socket, hop);
    const message = new Chat().ask('x'.repeat(200));
    expect(await drip(message, client, server)).toBe(message.length);
  });

  test('100 MB in one chunk pass with 4', async () => {
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, proto_msrp: limits(4) });
    const { client, server } = await linkThrough(tap.socket, hop);
    const { head, end } = new Chat().open('application/octet-stream');
    const block = Buffer.alloc(1_000_000, 'abcdefg');
    const whole = server.skip(head.length + 100 * block.length + end.length);
    client.send(head);
    for (let i = 0; i < 100; i += 1) await client.sent(block);
    client.send(end);
    await whole;
    await carry(new Chat().ask('and on it goes'), client, server);
  });
});

test('3,000 connections on a limit of 1,000: 1,000 live, 2,000 are reset, and those that live work on', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, trace, limits: { max_connections: 1_000 } });
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();

  let live = 0;
  let reset = 0;
  const settled: Promise<void>[] = [];
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < 2_999; i += 1) {
    const socket = connect({ port: tap.socket.port, host: tap.socket.ip });
    sockets.push(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => (reset += error.code === 'ECONNRESET' ? 1 : 0));
    settled.push(once(socket, 'connect').then(() => undefined, () => undefined));
  }
  // While they come and go, the first link is in use.
  let isOver = false;
  const talk = (async () => {
    let exchanges = 0;
    for (; !isOver || exchanges < 5; exchanges += 1) {
      const hello = chat.ask(`message ${exchanges}`);
      await carry(hello, client, server);
      await carry(chat.ok(hello), server, client);
    }
    return exchanges;
  })();
  await Promise.all(settled);
  await expect.poll(() => reset, { timeout: 10_000 }).toBe(2_000);
  isOver = true;
  expect(await talk).toBeGreaterThanOrEqual(5);

  live = sockets.filter((socket) => !socket.destroyed).length;
  expect(live).toBe(999);
  expect(await tap.metric('connections', { leg: 'downstream' })).toBe(1_000);
  expect(await tap.metric('connections_total', { leg: 'downstream', result: 'failure' })).toBe(2_000);
  await expect.poll(() => trace.events({ Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'max_connections' }).length).toBe(2_000);

  // When one goes there is room for one.
  sockets.find((socket) => !socket.destroyed)?.resetAndDestroy();
  await expect.poll(() => tap.metric('connections', { leg: 'downstream' })).toBe(999);
  const next = await dial(tap.socket);
  await expect.poll(() => tap.metric('connections', { leg: 'downstream' })).toBe(1_000);
  expect(next.socket.destroyed).toBe(false);
});
