/** A conversation over each kind of link, and what of it is mirrored. */
import { describe, expect, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, NextHop, type Peer } from '../helpers/endpoint.js';
import { startTap } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace, type Traced } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

const PROTOS = ['msrp', 'msrps'] as const;
const KINDS = PROTOS.flatMap((down) => PROTOS.flatMap((up) => ['127.0.0.1', '::1'].map((ip) => ({ down, up, ip }))));

describe.each(KINDS)('$down to $up over $ip', ({ down, up, ip }) => {
  test('a chat both ways, octet by octet, and its trace', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start({ ip, ...(up === 'msrps' ? { tls: serving(certs().server) } : {}) });
    const tap = await startTap({
      listeners: [{ socket: `${down}:${ip.includes(':') ? `[${ip}]` : ip}:0`, upstream: hop.url }],
      trace,
      proto_msrp: { trace_body: 'full' },
      tls_mgm: tlsDomains(certs()),
    });
    const chat = new Chat(down);
    const client = await dial(tap.socket, down === 'msrps' ? trusting(certs()) : undefined);
    const server = await hop.accept();

    const bind = chat.ask();
    const hello = chat.ask('Grüße, 世界 🎈');
    const picture = chat.tell({ type: 'image/png', body: Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256)) });
    const cpim = chat.ask({
      type: 'message/cpim',
      body: 'From: <sip:a>\r\n\r\nContent-Type: text/plain\r\n\r\n-------\r\n',
    });
    const talk: [Buffer, Peer, Peer][] = [
      [bind, client, server],
      [chat.ok(bind), server, client],
      [hello, client, server],
      [chat.ok(hello), server, client],
      [picture, server, client],
      [chat.ok(picture), client, server],
      [cpim, client, server],
    ];
    for (const [bytes, from, to] of talk) await carry(bytes, from, to);

    client.finish();
    expect(await server.end).toBe('fin');
    server.finish();
    expect(await client.end).toBe('fin');

    await trace.count(talk.length + 4);
    const ladder = trace.ladder(chat.session);
    expect(ladder).toHaveLength(talk.length + 4);
    const [accepted, connected, ...rest] = ladder;
    const near = `${ip.includes(':') ? `[${ip}]` : ip}:${tap.socket.port}`;
    const link = accepted?.event?.Link;
    expect(accepted).toMatchObject({
      source: client.address,
      destination: near,
      event: {
        Protocol: down.toUpperCase(),
        Event: 'ACCEPTED',
        Status: 'SUCCESS',
        Leg: 'downstream',
        Source: client.address,
        Destination: near,
        Session: chat.session,
      },
    });
    expect(connected).toMatchObject({
      source: server.remote,
      destination: hop.address,
      event: {
        Protocol: up.toUpperCase(),
        Event: 'CONNECTED',
        Status: 'SUCCESS',
        Leg: 'upstream',
        Link: link,
        Source: server.remote,
        Destination: hop.address,
        Session: chat.session,
      },
    });
    expect(rest.slice(0, talk.length).map(messageOf)).toEqual(
      talk.map(([payload, from]) => ({
        payload,
        source: from === client ? client.address : hop.address,
        destination: from === client ? hop.address : client.address,
      })),
    );
    const octets = (from: Peer): number => talk.reduce((sum, [bytes, by]) => sum + (by === from ? bytes.length : 0), 0);
    const fromClient = { BytesIn: octets(client), BytesOut: octets(server), MessagesIn: 4, MessagesOut: 3 };
    const fromServer = { BytesIn: octets(server), BytesOut: octets(client), MessagesIn: 3, MessagesOut: 4 };
    const closes = rest.slice(talk.length).map(({ event }) => event);
    const common = { Event: 'CLOSED', Status: 'SUCCESS', Link: link, Session: chat.session };
    expect(closes.find((event) => event?.Leg === 'downstream')).toMatchObject({
      ...common,
      ...fromClient,
      Reason: 'peer_closed',
      Source: client.address,
      Destination: near,
    });
    expect(closes.find((event) => event?.Leg === 'upstream')).toMatchObject({
      ...common,
      ...fromServer,
      Reason: 'link_closed',
      Source: server.remote,
      Destination: hop.address,
    });
  });
});

function messageOf({ payload, source, destination }: Traced): object {
  return { payload, source, destination };
}

test('an IPv4 client and an IPv6 next hop: the IPv4 side is written as ::ffff:', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start({ ip: '::1' });
  const tap = await startTap({ upstream: hop.url, trace });
  const chat = new Chat();
  const client = await dial(tap.socket);
  const server = await hop.accept();
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);

  const mapped = client.address.replace(/^(.*):/, '[::ffff:$1]:');
  expect(await trace.message(hello)).toMatchObject({ source: mapped, destination: hop.address });
  expect(await trace.message(chat.ok(hello))).toMatchObject({ source: hop.address, destination: mapped });
  // Events stay on the addresses of their own connection.
  expect(trace.packets.find(({ event }) => event?.Event === 'ACCEPTED')).toMatchObject({ source: client.address });
});

test('a dual-stack listener shows IPv4 clients as IPv4', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ listeners: [{ socket: 'msrp:[::]:0', upstream: hop.url }], trace });
  const client = await dial({ ip: '127.0.0.1', port: tap.socket.port });
  const hello = new Chat().ask('hello');
  await carry(hello, client, await hop.accept());
  expect(await trace.message(hello)).toMatchObject({ source: client.address, destination: hop.address });
});

test('a next hop with a name', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: `msrp:localhost:${hop.port}`, trace });
  const client = await dial(tap.socket);
  const hello = new Chat().ask('hello');
  await carry(hello, client, await hop.accept());
  expect(await trace.message(hello)).toMatchObject({ destination: hop.address });
});

test('what a client sends before its next hop is connected arrives, and CRLFs between messages too', async () => {
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url });
  const client = await dial(tap.socket);
  const early = Buffer.concat([
    new Chat().ask(),
    Buffer.from('\r\n'),
    new Chat().ask('hello'),
    Buffer.from('\r\n\r\n'),
  ]);
  client.send(early);
  client.finish();
  const server = await hop.accept();
  expect(await server.receive(early.length)).toEqual(early);
  expect(await server.end).toBe('fin');
});

test('after a half-close the answers still come', async () => {
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url });
  const chat = new Chat();
  const client = await dial(tap.socket);
  const server = await hop.accept();
  const last = chat.ask('last');
  client.send(last);
  client.finish();
  await server.receive(last.length);
  expect(await server.end).toBe('fin');
  await carry(chat.ok(last), server, client);
  server.finish();
  expect(await client.end).toBe('fin');
  await client.closed;
});
