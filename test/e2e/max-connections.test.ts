/** More connections than there may be. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { Talk } from '../helpers/talk.js';
import { startTap } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';

test('3,000 connections on a limit of 1,000: 1,000 live, 2,000 are reset, and those that live work on', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, trace, limits: { max_connections: 1_000, failure_events: 2_000 } });
  const { client, server } = await linkThrough(tap.socket, hop);
  // While the others come and go, this link is in use.
  const talk = new Talk(client, server, 'hello');

  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let resets = 0;
  const settled: Promise<unknown>[] = [];
  for (let i = 0; i < 2_999; i += 1) {
    const socket = connect({ port: tap.socket.port, host: tap.socket.ip });
    sockets.push(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => (resets += error.code === 'ECONNRESET' ? 1 : 0));
    settled.push(once(socket, 'connect').catch(() => {}));
  }
  await Promise.all(settled);
  await eventually(() => resets).toBe(2_000);
  const exchanges = talk.exchanges;
  await eventually(() => talk.exchanges).toBeGreaterThan(exchanges + 5);
  await talk.stop();

  const live = sockets.filter((socket) => !socket.destroyed);
  expect(live).toHaveLength(999);
  expect(await tap.metric('connections', { leg: 'downstream' })).toBe(1_000);
  expect(await tap.metric('connections_total', { leg: 'downstream', result: 'failure' })).toBe(2_000);
  const refused = { Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'max_connections' } as const;
  await eventually(() => trace.events(refused).length).toBe(2_000);
  expect(new Set(trace.events(refused).map(({ Source }) => Source)).size).toBe(2_000);

  // When one goes there is room for one.
  live[0]?.resetAndDestroy();
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(999);
  await dial(tap.socket);
  await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1_000);
});
