/** What the limits do: the newest goes, with its Reason, and what is there works on. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop, startHanging, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { stillWorks } from '../helpers/scene.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

interface Scene {
  readonly trace: Trace;
  readonly hop: NextHop;
  readonly tap: Tap;
}

async function start(limits: Settings, others: Settings = {}): Promise<Scene> {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  return { trace, hop, tap: await startTap({ upstream: hop.url, trace, limits, ...others }) };
}

const reached = (tap: Tap, limit: string): Promise<number> => tap.metric('limits_reached_total', { limit });

/** A client that connects, and is refused. */
async function expectRefused({ trace, tap }: Scene, limit: string, Reason: string): Promise<void> {
  const socket = connect({ host: tap.socket.ip, port: tap.socket.port });
  onTestFinished(() => void socket.destroy());
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  expect(await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE' })).toMatchObject({ Reason, Leg: 'downstream' });
  expect(await tap.metric('connection_failures_total', { leg: 'downstream', reason: Reason })).toBe(1);
  expect(await reached(tap, limit)).toBe(1);
}

/** A link, and a file for a next hop that takes nothing until it is told to. */
async function startSlow({
  tap,
  hop,
}: Scene): Promise<{ readonly file: Buffer; readonly client: Peer; readonly server: Peer }> {
  const { client, server } = await linkThrough(tap.socket, hop);
  const file = new Chat().ask({ body: Buffer.alloc(16 * 1_024 * 1_024, 'x') });
  server.socket.pause();
  client.send(file);
  return { file, client, server };
}

/** Octets that wait for slow readers, once the kernel has taken of them what it takes. */
async function resting(tap: Tap): Promise<number> {
  let last = -1;
  let times = 0;
  await eventually(async () => {
    const octets = await tap.metric('buffered_bytes');
    times = octets === last ? times + 1 : 0;
    last = octets;
    return times;
    // 25 ms apart: longer than msrptap does not look at what the kernel has taken.
  }).toBeGreaterThanOrEqual(6);
  return last;
}

/** Slow readers, until so many octets wait for them. */
async function fill(scene: Scene, octets: number): Promise<readonly Awaited<ReturnType<typeof startSlow>>[]> {
  const { tap } = scene;
  const slow: Awaited<ReturnType<typeof startSlow>>[] = [];
  do {
    while ((await tap.metric('buffered_bytes')) < octets) {
      const stops = await reached(tap, 'link_buffer');
      slow.push(await startSlow(scene));
      await eventually(() => reached(tap, 'link_buffer')).toBeGreaterThan(stops);
    }
  } while ((await resting(tap)) < octets);
  return slow;
}

/** Connects, says that, and waits for the end. */
async function knock(tap: Tap, bytes?: string): Promise<void> {
  const socket: Socket = connect({ host: tap.socket.ip, port: tap.socket.port }).on('error', () => {});
  if (bytes !== undefined) socket.write(bytes);
  await once(socket, 'close').catch(() => {});
}

/** How many failures the events tell of. */
function told(trace: Trace, wanted: Parameters<Trace['events']>[0]): number {
  return trace.events(wanted).reduce((sum, { Count = 1 }) => sum + Count, 0);
}

const headers = (count: number): [string, string][] => Array.from({ length: count }, (_, i) => [`X-${i}`, 'y']);

const path = (uris: number): string => 'msrp://a.example/s;tcp '.repeat(uris).trim();

const relayed = (uris: number): Buffer =>
  Buffer.from(`MSRP abcd SEND\r\nTo-Path: ${path(uris)}\r\nFrom-Path: ${path(1)}\r\n-------abcd$\r\n`);

describe('clients', () => {
  test('connections_per_source: one more from an address, and then one has gone', async () => {
    const scene = await start({ connections_per_source: 2 });
    const { tap, hop } = scene;
    const first = await linkThrough(tap.socket, hop);
    const second = await linkThrough(tap.socket, hop);
    await expectRefused(scene, 'connections_per_source', 'connections_per_source');
    await carry(new Chat().ask('hello'), first.client, first.server);
    second.client.raw.resetAndDestroy();
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1);
    await stillWorks(tap, hop);
  });

  test('connections_per_source: with TLS, a handshake counts for as long as it lasts', async () => {
    const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: 'msrp:127.0.0.1:9' }];
    const scene = await start({ connections_per_source: 1 }, { listeners, tls_mgm: tlsDomains(certs()) });
    const silent = await dial(scene.tap.socket);
    await expectRefused(scene, 'connections_per_source', 'connections_per_source');
    silent.socket.destroy();
    await scene.trace.event({ Event: 'ACCEPTED', Reason: 'tls_handshake_failed' });
    await dial(scene.tap.socket, trusting(certs()));
    expect(await reached(scene.tap, 'connections_per_source')).toBe(1);
  });

  test('accept_rate: more in a second', async () => {
    const scene = await start({ accept_rate: 1 });
    // Both at once: a second later the other one would be welcome.
    const [{ client, server }] = await Promise.all([
      linkThrough(scene.tap.socket, scene.hop),
      expectRefused(scene, 'accept_rate', 'accept_rate'),
    ]);
    await carry(new Chat().ask('hello'), client, server);
  });

  test('accept_rate_per_source: more from one address in a second', async () => {
    const scene = await start({ accept_rate_per_source: 1 });
    const [{ client, server }] = await Promise.all([
      linkThrough(scene.tap.socket, scene.hop),
      expectRefused(scene, 'accept_rate_per_source', 'accept_rate_per_source'),
    ]);
    await carry(new Chat().ask('hello'), client, server);
  });

  test('a limit on sources does not hold for who tells with the PROXY protocol whose connections they are', async () => {
    const hop = await NextHop.start();
    const listeners = [
      { socket: 'msrp:127.0.0.1:0', upstream: hop.url, proxy_protocol: { from: ['127.0.0.1'], timeout: 5_000 } },
    ];
    const tap = await startTap({ listeners, limits: { connections_per_source: 1, accept_rate_per_source: 1 } });
    for (let i = 0; i < 3; i += 1) {
      const accepted = hop.accept();
      const client = await dial(tap.socket);
      client.send(`PROXY TCP4 192.0.2.${i} 127.0.0.1 1000 2855\r\n`);
      await carry(new Chat().ask('hello'), client, await accepted);
    }
  });
});

describe('what a message may have', () => {
  test.each([
    ['too_many_headers', 'headers', { headers: 20 }, headers(10), headers(20)],
    ['headers_too_large', 'header_section', { header_section: 1_024 }, headers(10), [['X', 'y'.repeat(1_024)]]],
  ] as const)('%s: limits.%s', async (Reason, limit, limits, fits, tooMuch) => {
    const { trace, hop, tap } = await start(limits);
    const { client, server } = await linkThrough(tap.socket, hop);
    await carry(
      new Chat().ask({ body: 'x', headers: [...fits].map(([name, value]) => [name, value]) }),
      client,
      server,
    );
    client.send(new Chat().ask({ body: 'x', headers: [...tooMuch].map(([name, value]) => [name, value]) }));
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({ Status: 'FAILURE', Reason });
    expect(await reached(tap, limit)).toBe(1);
    await stillWorks(tap, hop);
  });

  test('path_too_long: limits.path_uris', async () => {
    const { trace, hop, tap } = await start({ path_uris: 2 });
    const { client, server } = await linkThrough(tap.socket, hop);
    await carry(relayed(2), client, server);
    client.send(relayed(3));
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({ Reason: 'path_too_long' });
    expect(await reached(tap, 'path_uris')).toBe(1);
  });
});

describe('time', () => {
  test('first_byte_timeout: nobody says anything', async () => {
    const { trace, hop, tap } = await start({ first_byte_timeout: 200 });
    const { client, server } = await linkThrough(tap.socket, hop);
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    for (const Leg of ['downstream', 'upstream'] as const) {
      expect(await trace.event({ Event: 'CLOSED', Leg })).toMatchObject({
        Status: 'FAILURE',
        Reason: 'first_byte_timeout',
      });
    }
    expect(await reached(tap, 'first_byte_timeout')).toBe(1);
  });

  test('first_byte_timeout: one byte from either side, and idle_timeout is what counts', async () => {
    const { trace, hop, tap } = await start({ first_byte_timeout: 200 }, { proto_msrp: { idle_timeout: 600 } });
    for (const from of ['client', 'server'] as const) {
      const link = await linkThrough(tap.socket, hop);
      const asked = performance.now();
      link[from].send('M');
      expect(await link.client.end).toBe('rst');
      expect(performance.now() - asked).toBeGreaterThan(500);
    }
    await eventually(() => trace.events({ Event: 'CLOSED', Reason: 'idle_timeout' }).length).toBe(4);
    expect(await reached(tap, 'first_byte_timeout')).toBe(0);
    expect(await reached(tap, 'idle_timeout')).toBe(2);
  });

  test('message_timeout: a message that does not go on', async () => {
    const { trace, hop, tap } = await start({ message_timeout: 200 });
    const quiet = await linkThrough(tap.socket, hop);
    await carry(new Chat().ask('hello'), quiet.client, quiet.server);
    const { client, server } = await linkThrough(tap.socket, hop);
    const message = new Chat().ask('hello');
    await carry(message.subarray(0, -20), server, client);
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'message_timeout',
    });
    expect(await reached(tap, 'message_timeout')).toBe(1);
    // Between messages there is all the time of idle_timeout.
    await carry(new Chat().ask('hello again'), quiet.client, quiet.server);
  });

  test('message_timeout: a reader who rests is no sender who does', async () => {
    const scene = await start({ message_timeout: 200 });
    const { file, client, server } = await startSlow(scene);
    await eventually(() => reached(scene.tap, 'link_buffer')).toBeGreaterThan(0);
    expect(await Promise.race([client.end, later(600)])).toBe('later');
    server.socket.resume();
    expect((await server.receive(file.length)).equals(file)).toBe(true);
    expect(scene.trace.events({ Event: 'CLOSED' })).toEqual([]);
  });
});

function later(ms: number): Promise<'later'> {
  return new Promise((resolve) => setTimeout(() => resolve('later'), ms).unref());
}

describe('memory', () => {
  test('link_buffer: a slow reader holds so much, and a read; nothing of it is lost', async () => {
    const scene = await start({ link_buffer: 300_000 });
    const { file, server } = await startSlow(scene);
    await eventually(() => reached(scene.tap, 'link_buffer')).toBeGreaterThan(0);
    let most = 0;
    await eventually(async () => {
      const waiting = await scene.tap.metric('buffered_bytes');
      most = Math.max(most, waiting);
      // The kernel may have taken some of it since: the reader takes a little, until it is filled up again.
      if (waiting < 300_000) server.socket.resume().once('data', () => server.socket.pause());
      return waiting;
    }).toBeGreaterThanOrEqual(300_000);
    expect(most).toBeLessThan(300_000 + 65_536);
    server.socket.resume();
    expect((await server.receive(file.length)).equals(file)).toBe(true);
    await eventually(() => scene.tap.metric('buffered_bytes')).toBe(0);
  });

  test('buffer_full: with limits.buffer of slow readers nobody new is let in, and those that are there go on', async () => {
    const scene = await start({ link_buffer: 524_288, buffer: 1_048_576 });
    const { tap, hop } = scene;
    const quick = await linkThrough(tap.socket, hop);
    const slow = await fill(scene, 1_048_576);
    await expectRefused(scene, 'buffer', 'buffer_full');
    const chat = new Chat();
    for (let i = 0; i < 5; i += 1) await carry(chat.ask('hello'), quick.client, quick.server);
    // A whole file, of which something may wait now and then.
    await carry(chat.ask({ body: Buffer.alloc(4 * 1_024 * 1_024, 'y') }), quick.client, quick.server);
    for (const { server, file } of slow) {
      server.socket.resume();
      expect((await server.receive(file.length)).equals(file)).toBe(true);
    }
    await eventually(() => tap.metric('buffered_bytes')).toBe(0);
    await stillWorks(tap, hop);
  });

  test('with limits.buffer of slow readers, a first request in two reads still finds its next hop', async () => {
    const hop = await NextHop.start();
    const listeners = [hop.url, 'to_path'].map((upstream) => ({ socket: 'msrp:127.0.0.1:0', upstream }));
    const scene = await start(
      { link_buffer: 524_288, buffer: 1_048_576 },
      { listeners, to_path: { allow: [`127.0.0.1/32:${hop.port}`] } },
    );
    const { tap } = scene;
    const client = await dial(tap.sockets[1]!);
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1);
    await fill({ ...scene, hop }, 1_048_576);
    const request = Buffer.from(relayed(1).toString().replace('a.example', hop.address));
    const read = await tap.metric('buffered_bytes');
    const accepted = hop.accept();
    client.send(request.subarray(0, 40));
    await eventually(() => tap.metric('buffered_bytes')).toBe(read + 40);
    client.send(request.subarray(40));
    expect(await Promise.race([accepted.then(() => 'next hop'), client.end])).toBe('next hop');
    expect((await (await accepted).receive(request.length)).equals(request)).toBe(true);
  });

  test('what is held for a next hop that is still dialled counts, and goes with its link', async () => {
    const hanging = await startHanging();
    const upstream = `msrp:${hanging.ip}:${hanging.port}`;
    const tap = await startTap({ upstream, proto_msrp: { connect_timeout: 4_000 } });
    const client = await dial(tap.socket);
    const hello = new Chat().ask('hello');
    client.send(hello);
    await eventually(() => tap.metric('buffered_bytes')).toBe(hello.length);
    client.raw.resetAndDestroy();
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(0);
    await eventually(() => tap.metric('buffered_bytes')).toBe(0);
  });

  test('sessions, transfers, transactions: what is too much is not watched, and passes', async () => {
    const { hop, tap } = await start({ sessions: 1, transactions: 1, transfers: 1, deliveries: 1 });
    const { client, server } = await linkThrough(tap.socket, hop);
    for (let i = 0; i < 3; i += 1) await carry(new Chat().ask('hello'), client, server);
    expect(await tap.metric('sessions')).toBe(1);
    expect(await reached(tap, 'sessions')).toBe(2);
    expect(await tap.metric('transactions_open')).toBe(1);
    expect(await reached(tap, 'transactions')).toBe(2);
  });
});

describe('a flood of failures', () => {
  test('accepts: the first ones are events, the rest is a count', async () => {
    const { trace, tap } = await start({ max_connections: 1, failure_events: 10 });
    await dial(tap.socket);
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1);
    await Promise.all(Array.from({ length: 60 }, () => knock(tap)));
    const refused = { Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'max_connections' } as const;
    await eventually(() => told(trace, refused)).toBe(60);
    const events = trace.events(refused);
    expect(events.length).toBeLessThan(40);
    expect(events.filter(({ Count }) => Count === undefined).length).toBeGreaterThanOrEqual(10);
    expect(events.find(({ Count }) => Count !== undefined)).toMatchObject({
      Message: expect.stringContaining('limits.max_connections is reached') as string,
      Destination: `127.0.0.1:${tap.socket.port}`,
    });
    expect(await tap.metric('connection_failures_total', { reason: 'max_connections' })).toBe(60);
    expect(await reached(tap, 'failure_events')).toBe(60 - events.filter(({ Count }) => Count === undefined).length);
  });

  test('bytes that are not MSRP: a link of the flood has no events at all, a session of its own has all of them', async () => {
    // The events of a link on which nobody speaks wait longer than all of this takes.
    const { trace, hop, tap } = await start({ failure_events: 5 }, { proto_msrp: { correlation_wait: 60_000 } });
    await Promise.all(Array.from({ length: 40 }, () => knock(tap, 'GET / HTTP/1.1\r\n\r\n')));
    const named = await linkThrough(tap.socket, hop).catch(() => null);
    expect(named).not.toBeNull();
    const client = await dial(tap.socket);
    const hello = new Chat().ask('hello');
    client.send(Buffer.concat([hello, Buffer.from('GET / HTTP/1.1\r\n\r\n')]));
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Leg: 'downstream', Reason: 'parse_error', MessagesIn: 1 });
    const notMsrp = { Event: 'CLOSED', Status: 'FAILURE', Leg: 'downstream', Reason: 'parse_error' } as const;
    await eventually(() => told(trace, notMsrp)).toBe(41);
    const accepted = trace.events({ Event: 'ACCEPTED', Status: 'SUCCESS' });
    const closed = trace.events(notMsrp).filter(({ Count }) => Count === undefined);
    expect(accepted.length).toBe(closed.length);
    expect(closed.length).toBeLessThan(30);
  });
});
