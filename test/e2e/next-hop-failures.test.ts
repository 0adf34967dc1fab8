/** Next hops that fail: what the client sees, what Homer is told, and that the next connection works. */
import { expect, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop, startHanging } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { stillWorks, tapBefore } from '../helpers/scene.js';
import { startTap } from '../helpers/tap.js';
import { serving, tlsDomains } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

test.each(['127.0.0.1', '::1'])('a next hop that refuses on %s: a RST, never a clean end', async (ip) => {
  const port = await freePort(ip);
  const shown = ip === '::1' ? `[::1]:${port}` : `${ip}:${port}`;
  const { trace, tap, near } = await tapBefore(`msrp:${shown}`);
  const client = await dial(tap.socket);
  expect(await client.end).toBe('rst');
  await trace.count(3);
  expect(trace.events()).toEqual([
    expect.objectContaining({ Event: 'ACCEPTED', Status: 'SUCCESS', Source: client.address, Destination: near }),
    expect.objectContaining({
      Event: 'CONNECTED',
      Status: 'FAILURE',
      Leg: 'upstream',
      Reason: 'connect_refused',
      Source: ip === '::1' ? '[::]:0' : '0.0.0.0:0',
      Destination: shown,
    }),
    expect.objectContaining({
      Event: 'CLOSED',
      Status: 'FAILURE',
      Leg: 'downstream',
      Reason: 'link_closed',
      Source: near,
      Destination: client.address,
    }),
  ]);
  await stillWorks(tap, await NextHop.start({ ip, port }));
  expect(await tap.metric('connections_total', { leg: 'upstream', result: 'failure' })).toBe(1);
});

test('a next hop that does not resolve', async () => {
  const { trace, tap } = await tapBefore('msrp:nowhere.invalid:2855', { connect_timeout: 2_000 });
  const client = await dial(tap.socket);
  expect(await client.end).toBe('rst');
  // Which of them it is, depends on the resolver of the machine.
  const { Reason, ...event } = await trace.event({ Event: 'CONNECTED' });
  expect(Reason).toMatch(/^dns_(?:not_found|failed|timeout)$/);
  expect(event).toMatchObject({ Status: 'FAILURE', Source: '0.0.0.0:0', Destination: 'nowhere.invalid:2855' });
});

test('a next hop that never answers: connect_timeout, and what was said until then is mirrored', async () => {
  const { ip, port } = await startHanging();
  const { trace, tap } = await tapBefore(`msrp:${ip}:${port}`, { connect_timeout: 300 });
  const chat = new Chat();
  const hello = chat.ask('hello?');
  const before = performance.now();
  const client = await dial(tap.socket);
  client.send(hello);
  expect(await client.end).toBe('rst');
  expect(performance.now() - before).toBeGreaterThan(200);
  await trace.count(4);
  expect(
    trace
      .ladder(chat.session)
      .map(({ event, source, destination }) => [event?.Event, event?.Reason, source, destination]),
  ).toEqual([
    ['ACCEPTED', undefined, client.address, `127.0.0.1:${tap.socket.port}`],
    [undefined, undefined, client.address, `${ip}:${port}`],
    ['CONNECTED', 'connect_timeout', '0.0.0.0:0', `${ip}:${port}`],
    ['CLOSED', 'link_closed', `127.0.0.1:${tap.socket.port}`, client.address],
  ]);
});

test('a client that resets while the next hop hangs: both ends are told, each with its own reason', async () => {
  const { ip, port } = await startHanging();
  // Long enough for the reset to come before it is over.
  const { trace, tap } = await tapBefore(`msrp:${ip}:${port}`, { connect_timeout: 2_000 });
  const client = await dial(tap.socket);
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1);
  client.reset();
  await trace.count(3);
  expect(trace.events({ Event: 'CONNECTED' })).toEqual([
    expect.objectContaining({ Status: 'FAILURE', Reason: 'connect_timeout' }),
  ]);
  expect(trace.events({ Event: 'CLOSED' })).toEqual([
    expect.objectContaining({ Leg: 'downstream', Status: 'FAILURE', Reason: 'reset', Source: client.address }),
  ]);
});

test('a next hop that resets as soon as it has accepted: before or after msrptap hears that the connection stands', async () => {
  const hop = await NextHop.start();
  const { trace, tap } = await tapBefore(hop.url);
  const { client, server } = await linkThrough(tap.socket, hop);
  server.reset();
  expect(await client.end).toBe('rst');
  await trace.event({ Event: 'CLOSED', Leg: 'downstream', Status: 'FAILURE', Reason: 'link_closed' });
  expect(trace.events({ Leg: 'upstream' }).at(-1)).toMatchObject({ Status: 'FAILURE' });
  await stillWorks(tap, hop);
});

test('a next hop that resets', async () => {
  const hop = await NextHop.start();
  const { trace, tap, near } = await tapBefore(hop.url);
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask(), client, server);
  server.reset();
  expect(await client.end).toBe('rst');
  await trace.count(5);
  expect(trace.events({ Event: 'CLOSED', Leg: 'upstream' })).toEqual([
    expect.objectContaining({ Status: 'FAILURE', Reason: 'reset', Source: hop.address, Destination: server.remote }),
  ]);
  expect(trace.events({ Event: 'CLOSED', Leg: 'downstream' })).toEqual([
    expect.objectContaining({ Status: 'FAILURE', Reason: 'link_closed', Source: near, Destination: client.address }),
  ]);
  await stillWorks(tap, hop);
});

test('a next hop that closes a new connection cleanly: so does the client see it', async () => {
  const hop = await NextHop.start();
  const { trace, tap } = await tapBefore(hop.url);
  const { client, server } = await linkThrough(tap.socket, hop);
  server.finish();
  expect(await client.end).toBe('fin');
  client.finish();
  await trace.count(4);
  expect(trace.events({ Event: 'CLOSED', Leg: 'upstream' })).toEqual([
    expect.objectContaining({ Status: 'SUCCESS', Reason: 'peer_closed', Source: hop.address }),
  ]);
  expect(trace.events({ Event: 'CLOSED', Leg: 'downstream' })).toEqual([
    expect.objectContaining({ Status: 'SUCCESS', Reason: 'link_closed' }),
  ]);
});

test.each(['msrp', 'msrps'])(
  'over %s, with the RST right behind the beginning of an answer: no clean end',
  async (proto) => {
    const hop = await NextHop.start(proto === 'msrps' ? { tls: serving(certs().server) } : {});
    const trace = await Trace.start();
    const tap = await startTap({ upstream: hop.url, trace, tls_mgm: tlsDomains(certs()) });
    const { client, server } = await linkThrough(tap.socket, hop);
    await carry(new Chat().ask(), client, server);
    // Both are there when msrptap looks: Node.js then tells of the data and of an end.
    await server.sent(new Chat().open('text/plain', 'callee').head);
    server.reset();
    expect(await client.end).toBe('rst');
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'reset',
    });
  },
);
