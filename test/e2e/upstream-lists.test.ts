/** Lists of next hops: in order or in turn, around those that fail. */
import { expect, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop, startHanging } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { serving, tlsDomains } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

async function start(upstream: readonly string[], listener: Settings = {}, more: Settings = {}) {
  const trace = await Trace.start();
  const listeners = [{ socket: 'msrp:127.0.0.1:0', upstream, ...listener }];
  return { trace, tap: await startTap({ listeners, trace, ...more }) };
}

const refusing = async (): Promise<string> => `msrp:127.0.0.1:${await freePort('127.0.0.1')}`;

const open = (tap: Tap): Promise<number> => tap.metric('connections', { leg: 'downstream' });

const isUp = (tap: Tap, upstream: string): Promise<number> => tap.metric('upstream_up', { upstream });

test('in order: the first that works, and every failed one is told on its own address', async () => {
  const hop = await NextHop.start();
  const dead = [await refusing(), await refusing()];
  const { trace, tap } = await start([...dead, hop.url, await refusing()]);
  expect(await isUp(tap, dead[0] ?? '')).toBe(1);
  const chat = new Chat();
  const hello = chat.ask('hello');
  const client = await dial(tap.socket);
  client.send(hello);
  const server = await hop.accept();
  expect(await server.receive(hello.length)).toEqual(hello);
  await carry(chat.ok(hello), server, client);
  await trace.message(chat.ok(hello));
  // All of one link, in one session, and the message on its way to the one that works.
  const shown = trace
    .ladder(chat.session)
    .map(({ event, destination }) => [event?.Event ?? 'message', event?.Status, event?.Reason, destination]);
  const near = `127.0.0.1:${tap.socket.port}`;
  expect(shown.filter(([, status]) => status !== undefined)).toEqual([
    ['ACCEPTED', 'SUCCESS', undefined, near],
    ...dead.map((each) => ['CONNECTED', 'FAILURE', 'connect_refused', each.slice('msrp:'.length)]),
    ['CONNECTED', 'SUCCESS', undefined, hop.address],
  ]);
  expect(shown).toContainEqual(['message', undefined, undefined, hop.address]);
  expect(await tap.mi('msrptap:upstreams')).toMatchObject({
    Upstreams: [
      { Upstream: dead[0], Up: false, Failed: 1 },
      { Up: false },
      { Upstream: hop.url, Up: true },
      { Up: true },
    ],
  });
  expect([await isUp(tap, dead[0] ?? ''), await isUp(tap, dead[1] ?? ''), await isUp(tap, hop.url)]).toEqual([0, 0, 1]);

  const next = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), next.client, next.server);
  expect(await tap.metric('upstream_dials_total', { result: 'success', upstream: hop.url })).toBe(2);
});

test('when all fail the client is reset, once each of them was told', async () => {
  const dead = [await refusing(), await refusing()];
  const { trace, tap } = await start(dead);
  const client = await dial(tap.socket);
  expect(await client.end).toBe('rst');
  await trace.event({ Event: 'CLOSED', Leg: 'downstream', Reason: 'link_closed' });
  expect(trace.events({ Event: 'CONNECTED' }).map(({ Destination }) => `msrp:${Destination}`)).toEqual(dead);
  // They rest, but there is nobody else: one that has come back is found.
  const [first = ''] = dead;
  const hop = await NextHop.start({ port: Number(first.slice(first.lastIndexOf(':') + 1)) });
  const next = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), next.client, next.server);
  expect(await isUp(tap, first)).toBe(1);
});

test('round robin: each in its turn', async () => {
  const hops = [await NextHop.start(), await NextHop.start(), await NextHop.start()];
  const { tap } = await start(
    hops.map(({ url }) => url),
    { upstream_policy: 'round_robin' },
  );
  for (let i = 0; i < 6; i += 1) {
    const { client, server } = await linkThrough(tap.socket, hops[i % 3] as NextHop);
    await carry(new Chat().ask('hello'), client, server);
  }
});

test('one that never answers, and one whose certificate is wrong: the next one is tried, with all that was said', async () => {
  const { ip, port } = await startHanging();
  const wrong = await NextHop.start({ tls: serving(certs().expired) });
  const hop = await NextHop.start({ tls: serving(certs().server) });
  const { trace, tap } = await start(
    [`msrp:${ip}:${port}`, wrong.url, hop.url],
    {},
    { tls_mgm: tlsDomains(certs()), proto_msrp: { connect_timeout: 300 } },
  );
  const chat = new Chat();
  const said = Buffer.concat([chat.ask('hello'), chat.ask('is anybody there?')]);
  const client = await dial(tap.socket);
  client.send(said);
  expect(await (await hop.accept()).receive(said.length)).toEqual(said);
  await trace.event({ Event: 'CONNECTED', Status: 'SUCCESS', Destination: hop.address });
  const failures = trace.events({ Event: 'CONNECTED', Status: 'FAILURE' });
  expect(failures.map(({ Protocol, Destination }) => [Protocol, Destination])).toEqual([
    ['MSRP', `${ip}:${port}`],
    ['MSRPS', wrong.address],
  ]);
  expect(failures[0]?.Reason).toBe('connect_timeout');
});

test('a client that is gone: nobody else is dialled for it', async () => {
  const { ip, port } = await startHanging();
  const hop = await NextHop.start();
  // Long enough for the client to be gone before it is over.
  const { trace, tap } = await start([`msrp:${ip}:${port}`, hop.url], {}, { proto_msrp: { connect_timeout: 2_000 } });
  const client = await dial(tap.socket);
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1);
  client.reset();
  await trace.event({ Event: 'CONNECTED', Status: 'FAILURE', Reason: 'connect_timeout' });
  await eventually(() => tap.metric('upstream_dials_total', { result: 'failure' })).toBe(1);
  expect(hop.unclaimed).toBe(0);
  expect(await tap.metric('upstream_dials_total', { upstream: hop.url })).toBe(0);
});

test('two that lead to each other: max_connections ends it, and nothing of it stays', async () => {
  const port = await freePort('127.0.0.1');
  const limits = { max_connections: 20 };
  const one = await startTap({ upstream: `msrp:127.0.0.1:${port}`, limits });
  const listeners = [{ socket: `msrp:127.0.0.1:${port}`, upstream: `msrp:127.0.0.1:${one.socket.port}` }];
  const other = await startTap({ listeners, limits });
  const client = await dial(one.socket);
  expect(await client.end).toBe('rst');
  await eventually(async () => (await open(one)) + (await open(other))).toBe(0);
  const refused = { leg: 'downstream', reason: 'max_connections' };
  const refusals = [one, other].map((tap) => tap.metric('connection_failures_total', refused));
  expect((await Promise.all(refusals)).reduce((sum, count) => sum + count)).toBe(1);
});

test('a next hop that is a listener of its own: a loop, refused', async () => {
  const trace = await Trace.start();
  const port = await freePort('127.0.0.1');
  const listeners = [{ socket: `msrp:0.0.0.0:${port}`, upstream: `msrp:localhost:${port}` }];
  const tap = await startTap({ listeners, trace });
  const client = await dial({ ip: '127.0.0.1', port });
  expect(await client.end).toBe('rst');
  await trace.event({ Event: 'CONNECTED', Status: 'FAILURE', Reason: 'loop' });
  expect(await tap.metric('connections_total', { leg: 'downstream', result: 'success' })).toBe(1);
});
