/** How links fail and end: what the peers see, what Homer is told, and that the next connection works. */
import { describe, expect, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { stillWorks, tapBefore } from '../helpers/scene.js';
import { startTap } from '../helpers/tap.js';
import { tlsDomains, trusting } from '../helpers/tls.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

test('a client that resets: so does the next hop see it', async () => {
  const hop = await NextHop.start();
  const { trace, tap } = await tapBefore(hop.url);
  const { client, server } = await linkThrough(tap.socket, hop);
  client.reset();
  expect(await server.end).toBe('rst');
  await trace.count(4);
  expect(trace.events({ Event: 'CLOSED', Leg: 'downstream' })).toEqual([
    expect.objectContaining({ Status: 'FAILURE', Reason: 'reset', Source: client.address }),
  ]);
  expect(trace.events({ Event: 'CLOSED', Leg: 'upstream' })).toEqual([
    expect.objectContaining({ Status: 'FAILURE', Reason: 'link_closed', Source: server.remote }),
  ]);
});

describe('timeouts end both connections with a RST', () => {
  test('idle_timeout: nobody says a word', async () => {
    const hop = await NextHop.start();
    const { trace, tap } = await tapBefore(hop.url, { idle_timeout: 200 });
    const { client, server } = await linkThrough(tap.socket, hop);
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    await trace.count(4);
    expect(trace.events({ Event: 'CLOSED', Status: 'FAILURE', Reason: 'idle_timeout' })).toHaveLength(2);
  });

  test('half_close_timeout: the other side never ends', async () => {
    const hop = await NextHop.start();
    const { trace, tap } = await tapBefore(hop.url, { half_close_timeout: 200 });
    const { client, server } = await linkThrough(tap.socket, hop);
    client.finish();
    expect(await server.end).toBe('fin');
    expect(await client.end).toBe('rst');
    await trace.count(4);
    expect(trace.events({ Event: 'CLOSED', Status: 'FAILURE', Reason: 'half_close_timeout' })).toHaveLength(2);
  });

  test('send_timeout: a reader takes nothing while there is something to send', async () => {
    const hop = await NextHop.start();
    const { trace, tap } = await tapBefore(hop.url, { send_timeout: 300 });
    const { client, server } = await linkThrough(tap.socket, hop);
    server.socket.pause();
    const { head } = new Chat().open('application/octet-stream');
    client.send(head);
    const block = Buffer.alloc(1_048_576, 'x');
    const pump = (): void => {
      while (!client.socket.destroyed && client.socket.write(block));
    };
    client.socket.on('drain', pump);
    pump();
    expect(await client.end).toBe('rst');
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'send_timeout',
    });
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'link_closed',
    });
  });
});

test('over TLS a client sees the RST too', async () => {
  const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: `msrp:127.0.0.1:${await freePort('127.0.0.1')}` }];
  const tap = await startTap({ listeners, tls_mgm: tlsDomains(certs()) });
  const client = await dial(tap.socket, trusting(certs()));
  expect(await client.end).toBe('rst');
});

test('clients that are gone as soon as they came leave nothing behind', async () => {
  const hop = await NextHop.start();
  const { trace, tap } = await tapBefore(hop.url);
  const gone = Array.from({ length: 200 }, async (_, i) => {
    const client = await dial(tap.socket);
    if (i % 2 === 0) client.reset();
    else client.socket.destroy();
    await client.closed;
  });
  await Promise.all(gone);
  // The next hop may see a connection later than the msrptap that made it does.
  let seen = 0;
  await eventually(async () => {
    for (; hop.unclaimed > 0; seen += 1) (await hop.accept()).finish();
    return {
      accepted: trace.events({ Event: 'ACCEPTED' }).length,
      unseen: trace.events({ Event: 'CONNECTED', Status: 'SUCCESS' }).length - seen,
      open: await tap.metric('connections'),
    };
  }).toEqual({ accepted: 200, unseen: 0, open: 0 });
  await stillWorks(tap, hop);
});

test('each end is counted once, by leg and reason', async () => {
  const hop = await NextHop.start();
  const { tap } = await tapBefore(hop.url);
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask(), client, server);
  server.reset();
  await client.end;
  await eventually(() => tap.metric('connections')).toBe(0);
  expect(await tap.metric('connection_closes_total')).toBe(2);
  expect(await tap.metric('connection_closes_total', { leg: 'upstream', reason: 'reset' })).toBe(1);
  expect(await tap.metric('connection_closes_total', { leg: 'downstream', reason: 'link_closed' })).toBe(1);
});
