/** Ends that cross each other: each of these once left a link, a slot or a wrong end behind. */
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { App } from '#src/app.js';
import { parseConfig } from '#src/config.js';
import { silentLog } from '#src/lib/log.js';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { settings, startTap, TapProcess, type Tap } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

function open(tap: Tap): Promise<number> {
  return tap.metric('connections');
}

test('links whose FIN is under way when a drain`s time is up are over all the same', async () => {
  const hop = await NextHop.start();
  // Around the 200 to 250 ms after which a quiet link is ended.
  for (const drain_timeout of [195, 205, 215, 225, 235, 245]) {
    const config = parseConfig(JSON.stringify(settings({ upstream: hop.url, drain_timeout })), '/etc/msrptap.yaml');
    const app = await App.start({ config, log: silentLog });
    const port = Number(app.sockets[0]?.split(':').at(-1));
    const clients = await Promise.all(Array.from({ length: 40 }, () => dial({ ip: '127.0.0.1', port })));
    await Promise.all(clients.map(() => hop.accept()));
    const begun = performance.now();
    await app.drain();
    // A link that is left behind is there until half_close_timeout, which is 30 s.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await Promise.all(clients.map(({ end }) => end))).toHaveLength(40);
  }
});

test('a FIN of a client and a broken TLS record of the next hop in one turn end the link', async () => {
  const hop = await NextHop.start({ tls: serving(certs().server) });
  const tap = await startTap({ upstream: hop.url, tls_mgm: tlsDomains(certs()) });
  for (let round = 0; round < 20; round += 1) {
    const { client, server } = await linkThrough(tap.socket, hop);
    client.finish();
    // Below TLS: no record that could be read.
    server.raw.write('no TLS record');
    await client.end;
  }
  await eventually(() => open(tap)).toBe(0);
});

test('one port of a client may be used for two addresses of ours at once', async () => {
  const hop = await NextHop.start();
  const tap = await startTap({
    listeners: [{ socket: 'msrps:0.0.0.0:0', upstream: hop.url }],
    tls_mgm: tlsDomains(certs()),
    limits: { max_connections: 4 },
  });
  const { port } = tap.socket;
  for (let round = 0; round < 6; round += 1) {
    const first = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1' });
    await once(first, 'connect');
    const second = connect({ host: '127.0.0.2', port, localAddress: '127.0.0.1', localPort: first.localPort });
    await once(second, 'connect');
    const streams = [first, second].map((socket) =>
      connectTls({ ...trusting(certs()), socket, servername: 'localhost' }),
    );
    await Promise.all(streams.map((stream) => once(stream, 'secureConnect')));
    for (const stream of streams) stream.destroy();
    await eventually(() => open(tap)).toBe(0);
  }
  expect(await tap.metric('connection_failures_total', { reason: 'max_connections' })).toBe(0);
});

test('a stalled event loop fails no TLS handshake', async () => {
  const hop = await NextHop.start();
  const tap = await startTap({
    listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }],
    tls_mgm: tlsDomains(certs()),
    proto_msrp: { tls_handshake_timeout: 100 },
  });
  const secured = dial(tap.socket, trusting(certs()));
  for (let stall = 0; stall < 3; stall += 1) {
    await nextTurn();
    const until = performance.now() + 150;
    while (performance.now() < until);
  }
  await secured;
  expect(await tap.metric('connection_failures_total', { reason: 'tls_handshake_timeout' })).toBe(0);
});

test('a client that sends and resets while the next hop is dialled: the next hop gets what was sent, then a RST', async () => {
  const hop = await NextHop.start();
  const trace = await Trace.start();
  const tap = await startTap({ upstream: hop.url, trace });
  const send = new Chat().ask('before the reset');
  for (let round = 0; round < 20; round += 1) {
    const accepted = hop.accept();
    const client = connect({ host: tap.socket.ip, port: tap.socket.port });
    client.on('error', () => {});
    await once(client, 'connect');
    client.write(send);
    await nextTurn();
    client.resetAndDestroy();
    const server = await accepted;
    expect(await server.end).toBe('rst');
  }
  await eventually(() => open(tap)).toBe(0);
  expect(trace.events({ Event: 'CLOSED', Leg: 'upstream', Status: 'SUCCESS' })).toEqual([]);
  expect(trace.events({ Event: 'CONNECTED', Status: 'FAILURE' })).toEqual([]);
});

test('a client that is gone when the handshake with the next hop ends costs its link only', async () => {
  const areGone = new EventEmitter();
  const hop = await NextHop.start({ tls: serving(certs().server), until: once(areGone, 'all') });
  // In a process of its own: it must not end.
  const tap = await TapProcess.start({
    upstream: hop.url,
    tls_mgm: tlsDomains(certs()),
    // However long they take to be gone.
    proto_msrp: { tls_handshake_timeout: 60_000 },
  });
  const clients = await Promise.all(Array.from({ length: 20 }, () => dial(tap.socket)));
  for (const client of clients) client.send(new Chat().ask('before the reset'));
  await eventually(() => open(tap)).toBe(clients.length);
  for (const client of clients) client.reset();
  const closed = (leg: string): Promise<number> => tap.metric('connection_closes_total', { leg });
  await eventually(() => closed('downstream')).toBe(clients.length);
  areGone.emit('all');
  await eventually(() => closed('upstream')).toBe(clients.length);
  expect(tap.isOver).toBe(false);
});

test('valid messages before what is not MSRP are delivered, even when they come before the next hop stands', async () => {
  const hop = await NextHop.start();
  const trace = await Trace.start();
  const tap = await startTap({ upstream: hop.url, trace });
  const send = new Chat().ask('valid');
  const accepted = hop.accept();
  const client = await dial(tap.socket);
  client.send(Buffer.concat([send, Buffer.from('GET / HTTP/1.1\r\n')]));
  const server = await accepted;
  expect(await client.end).toBe('rst');
  expect(await server.end).toBe('rst');
  await trace.count(5);
  expect(trace.messages.map(({ payload }) => payload)).toEqual([send]);
  await trace.event({ Event: 'CLOSED', Leg: 'downstream', Reason: 'parse_error' });
  await trace.event({ Event: 'CLOSED', Leg: 'upstream', Reason: 'link_closed' });
});

test('packets of a link arrive in the order of their times, however early a client speaks', async () => {
  const hop = await NextHop.start();
  const trace = await Trace.start();
  const tap = await startTap({ upstream: hop.url, trace });
  for (let round = 0; round < 20; round += 1) {
    const accepted = hop.accept();
    const client = await dial(tap.socket);
    const send = new Chat().ask(`early ${round}`);
    await carry(send, client, await accepted);
    client.finish();
    await sleep(1);
  }
  await trace.count(20 * 3);
  const times = new Map<string, number>();
  for (const { id, time } of trace.packets) {
    expect(time).toBeGreaterThan(times.get(id) ?? 0);
    times.set(id, time);
  }
});
