/** Bytes that are not MSRP, on every kind of socket: the link ends with a RST, and the next one works. */
import { randomBytes } from 'node:crypto';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { startTap } from '../helpers/tap.js';
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
  ['HTTP', 'parse_error', () => Buffer.from('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')],
  ['a TLS ClientHello', 'tls_unexpected', clientHello],
  ['random octets', 'parse_error', () => Buffer.concat([Buffer.from([0]), randomBytes(4_000)])],
  ['SIP', 'parse_error', () => Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n')],
];

describe('what is not MSRP', () => {
  test.each(GARBAGE)('from a client, %s: both connections are reset, none of it goes on', async (_, Reason, bytes) => {
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
      Reason,
      Source: `127.0.0.1:${tap.socket.port}`,
    });
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'link_closed',
    });
    expect(trace.messages).toEqual([]);
    expect(await tap.metric('parse_errors_total', { reason: 'start_line' })).toBe(1);
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
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'parse_error',
    });
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
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'headers_too_large',
    });
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
      Reason: 'tls_expected',
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
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({
      Protocol: 'MSRPS',
      Reason: 'parse_error',
    });
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
