/** What heplify-server writes into PostgreSQL is what msrptap sent, field by field, and what was said on the wire. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { MEGABYTE } from '../helpers/bulk.js';
import { Chat } from '../helpers/wire.js';
import { BINARY_BODY, conversation, converse, hangUp, newSession } from '../interop/conversation.js';
import { useCerts } from '../helpers/certs.js';
import { Homer } from './homer.js';
import { asStored, eventsOf, messagesOf, startTraced, storedAsSent } from './traced.js';

/** ACCEPTED, CONNECTED, and CLOSED of both connections. */
const EVENTS = 4;
const OPENED = 2;

const certs = useCerts();

let homer: Homer;
beforeAll(async () => {
  homer = await Homer.start();
});
afterAll(() => homer.stop());

describe.each(['udp', 'tcp', 'tls'] as const)('over %s', (transport) => {
  test.each([
    { name: 'IPv4', near: '127.0.0.1', far: '127.0.0.1', trace_body: 'text' },
    { name: 'IPv6, with files', near: '::1', far: '::1', trace_body: 'full' },
    { name: 'an IPv4 client and an IPv6 next hop', near: '127.0.0.1', far: '::1', trace_body: 'text' },
  ])('a conversation: $name', async ({ near, far, trace_body }) => {
    const nextHop = await NextHop.start({ ip: far });
    const listener = { socket: `msrp:${formatEndpoint({ ip: near, port: 0 })}`, upstream: nextHop.url };
    const traced = await startTraced(homer, transport, { listeners: [listener], proto_msrp: { trace_body } });
    const session = newSession();
    const said = conversation(session);
    const client = await dial(traced.tap.socket);
    const callee = await nextHop.accept();
    await converse(client, callee, said);
    await hangUp(client, callee);
    const rows = await storedAsSent(homer, traced, said.length + EVENTS);

    expect(new Set(rows.map(({ sid }) => sid))).toEqual(new Set([session]));
    const marker = Buffer.from(`[msrptap: ${BINARY_BODY.length} bytes of image/png not mirrored]`);
    expect(messagesOf(rows)).toEqual(
      said.map(({ by, octets }) => {
        const [source, destination] = by === 'client' ? [client, callee] : [callee, client];
        const mirrored = trace_body === 'full' ? octets : replaced(octets, BINARY_BODY, marker);
        return { source: source.address, destination: destination.address, raw: asStored(mirrored) };
      }),
    );
    const downstream = { source: client.address, destination: formatEndpoint(traced.tap.socket), sid: session };
    const upstream = { source: callee.remote, destination: callee.address, sid: session };
    expect(eventsOf(rows)).toMatchObject({
      'ACCEPTED downstream': { ...downstream, Status: 'SUCCESS' },
      'CONNECTED upstream': { ...upstream, Status: 'SUCCESS' },
      'CLOSED downstream': { ...downstream, Status: 'SUCCESS', Reason: 'peer_closed' },
      'CLOSED upstream': { ...upstream, Status: 'SUCCESS', Reason: 'link_closed' },
    });
  });

  test('an image of 1 MB in one chunk, which is refused with 413', async () => {
    const nextHop = await NextHop.start();
    const traced = await startTraced(homer, transport, { upstream: nextHop.url });
    const { client, server } = await linkThrough(traced.tap.socket, nextHop);
    const chat = new Chat();
    const { head, end } = chat.open('image/jpeg');
    const image = Buffer.concat([head, randomBytes(MEGABYTE), end]);
    await carry(image, client, server);
    const tooLarge = Buffer.from(chat.ok(image).toString().replace('200 OK', '413 Message too large'));
    await carry(tooLarge, server, client);

    const rows = await storedAsSent(homer, traced, OPENED + 2);
    const there = { source: client.address, destination: server.address };
    const back = { source: server.address, destination: client.address };
    const marker = `[msrptap: ${MEGABYTE} bytes of image/jpeg not mirrored]`;
    expect(messagesOf(rows)).toEqual([
      { ...there, raw: `${head.toString()}${marker}${end.toString()}` },
      { ...back, raw: tooLarge.toString() },
    ]);
  });

  test('an image of 1 MB in chunks of 2 KB, the last of which breaks it off', { timeout: 120_000 }, async () => {
    const nextHop = await NextHop.start();
    const traced = await startTraced(homer, transport, { upstream: nextHop.url });
    const { client, server } = await linkThrough(traced.tap.socket, nextHop);
    const chat = new Chat();
    const image = randomBytes(MEGABYTE);
    const mirrored: string[] = [];
    for (let at = 0; at < MEGABYTE; at += KILOBYTES_2) {
      const body = image.subarray(at, at + KILOBYTES_2);
      const last = at + body.length;
      const flag = last === MEGABYTE ? '#' : '+';
      const headers = [['Byte-Range', `${at + 1}-${last}/${MEGABYTE}`]] as const;
      const chunk = chat.ask({ type: 'image/jpeg', body, headers, flag });
      const answer = chat.ok(chunk);
      await carry(chunk, client, server);
      await carry(answer, server, client);
      const marker = Buffer.from(`[msrptap: ${body.length} bytes of image/jpeg not mirrored]`);
      mirrored.push(replaced(chunk, body, marker).toString(), answer.toString());
      // Over UDP, what heplify-server's socket cannot hold is lost.
      if (mirrored.length % UNREAD === 0) await homer.stored(OPENED + mirrored.length, traced.node);
    }
    const rows = await storedAsSent(homer, traced, OPENED + mirrored.length);
    expect(messagesOf(rows).map(({ raw }) => raw)).toEqual(mirrored);
    expect(mirrored.at(-2)).toMatch(/-------\S+#\r\n$/);
  });

  test('a message that is cut off by a reset', async () => {
    const nextHop = await NextHop.start();
    const traced = await startTraced(homer, transport, { upstream: nextHop.url });
    const { client, server } = await linkThrough(traced.tap.socket, nextHop);
    const chat = new Chat();
    const { head } = chat.open('text/plain;charset=utf-8');
    const begun = Buffer.concat([head, Buffer.from('Grüße 👋')]);
    await carry(begun, client, server);
    client.reset();
    expect(await server.end).toBe('rst');

    const rows = await storedAsSent(homer, traced, EVENTS + 1);
    const [cut] = messagesOf(rows);
    expect(cut?.raw).toBe(`${begun.toString()}[msrptap: cut after ${begun.length} bytes]`);
    expect(eventsOf(rows)).toMatchObject({
      'CLOSED downstream': { source: client.address, sid: chat.session, Status: 'FAILURE', Reason: 'reset' },
      'CLOSED upstream': { source: server.remote, sid: chat.session, Status: 'FAILURE', Reason: 'link_closed' },
    });
  });

  test('a client that speaks no TLS', async () => {
    const nextHop = await NextHop.start();
    const traced = await startTraced(homer, transport, {
      listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: nextHop.url }],
      tls_mgm: { server_domain: { public: { ...certs().server, verify_cert: 0 } } },
    });
    const client = await dial(traced.tap.socket);
    client.send(new Chat().ask('hello'));
    await client.end;

    const [refused, ...more] = await storedAsSent(homer, traced, 1);
    expect(more).toEqual([]);
    expect(refused?.sid).toMatch(/^conn-/);
    expect(eventsOf(refused === undefined ? [] : [refused])).toMatchObject({
      'ACCEPTED downstream': {
        source: client.address,
        Protocol: 'MSRPS',
        Status: 'FAILURE',
        Reason: 'tls_expected',
      },
    });
  });

  test('a next hop that refuses, and bytes that are no MSRP', async () => {
    const refused = await startTraced(homer, transport, { upstream: `msrp:${REFUSING}` });
    // The RST of a refused next hop may be there before the client sees its own connect.
    const client = await dial(refused.tap.socket).catch(() => null);
    await client?.end;
    const failures = eventsOf(await storedAsSent(homer, refused, 3));
    expect(failures).toMatchObject({
      'ACCEPTED downstream': { destination: formatEndpoint(refused.tap.socket), Status: 'SUCCESS' },
      'CONNECTED upstream': { destination: REFUSING, Status: 'FAILURE', Reason: 'connect_refused' },
      'CLOSED downstream': { Status: 'FAILURE', Reason: 'link_closed' },
    });

    const nextHop = await NextHop.start();
    const wrong = await startTraced(homer, transport, { upstream: nextHop.url });
    const link = await linkThrough(wrong.tap.socket, nextHop);
    link.server.send('HTTP/1.1 400 Bad Request\r\n\r\n');
    await Promise.all([link.client.end, link.server.end]);
    const errors = eventsOf(await storedAsSent(homer, wrong, EVENTS));
    expect(errors).toMatchObject({
      'CLOSED upstream': { source: link.server.remote, Status: 'FAILURE', Reason: 'parse_error' },
      'CLOSED downstream': { destination: link.client.address, Status: 'FAILURE', Reason: 'link_closed' },
    });
  });
});

/** Discard: no ordinary machine has it. */
const REFUSING = '127.0.0.1:9';
const KILOBYTES_2 = 2_048;
/** Packets that may stand in heplify-server's UDP socket: some 100 KB of the 200 that Linux gives it. */
const UNREAD = 64;

function replaced(octets: Buffer, part: Buffer, by: Buffer): Buffer {
  const at = octets.indexOf(part);
  return at === -1 ? octets : Buffer.concat([octets.subarray(0, at), by, octets.subarray(at + part.length)]);
}
