/** Other listeners, made ready and then used or not. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import { Proxy, type ProxyListener } from '#src/proxy/proxy.js';
import { carry, dial, dialReset, linkThrough, NextHop, startHanging } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { NOBODY, OPTIONS, clientTls, listenerTo } from '../helpers/proxy.js';
import { Chat } from '../helpers/wire.js';

/** Leads to where one of an endpoint listens. */
function listener({ ip, port }: Endpoint, at = 0): ProxyListener {
  return listenerTo([{ proto: 'msrp', host: ip, port }], at);
}

function proxyTo(...listeners: readonly ProxyListener[]): Proxy {
  const proxy = new Proxy(listeners, OPTIONS, { clientTls, isOthersUpstream: () => false }, NOBODY);
  onTestFinished(async () => void (await proxy.drain(0)));
  return proxy;
}

test('who connects to a new listener before it is in force waits, and goes where it leads', async () => {
  const [hop, port] = [await NextHop.start(), await freePort()];
  const proxy = proxyTo(listener(hop));
  await proxy.listen();
  const prepared = await proxy.prepare([listener(hop), listener(hop, port)], OPTIONS);
  const early = await dial({ ip: '127.0.0.1', port });
  const hello = new Chat().ask('early');
  early.send(hello);
  expect(proxy.addresses).toHaveLength(1);
  prepared.use();
  expect(proxy.addresses[1]).toEqual({ ip: '127.0.0.1', port });
  const server = await hop.accept();
  expect((await server.receive(hello.length)).equals(hello)).toBe(true);
});

test('discarded, it is closed again, and nothing else has changed', async () => {
  const [hop, other, port] = [await NextHop.start(), await NextHop.start(), await freePort()];
  const proxy = proxyTo(listener(hop));
  const [at] = await proxy.listen();
  if (at === undefined) throw new Error('unreachable');
  const prepared = await proxy.prepare([listener(other), listener(other, port)], {
    ...OPTIONS,
    limits: { ...OPTIONS.limits, max_connections: 1 },
  });
  const early = await dial({ ip: '127.0.0.1', port });
  prepared.discard();
  expect(await early.end).toBe('rst');
  await expect(dial({ ip: '127.0.0.1', port })).rejects.toThrow('ECONNREFUSED');
  const chat = new Chat();
  for (let count = 0; count < 2; count += 1) {
    const { client, server } = await linkThrough(at, hop);
    await carry(chat.ask('as before'), client, server);
  }
});

test('what was accepted for a listener that is no more is reset, and its source has one less', async () => {
  const gone: string[] = [];
  const hop = await NextHop.start();
  const context = { clientTls, isOthersUpstream: () => false, onGone: (source: string) => void gone.push(source) };
  const proxy = new Proxy([listener(hop)], OPTIONS, context, NOBODY);
  onTestFinished(async () => void (await proxy.drain(0)));
  const server = createServer((socket) => proxy.take('127.0.0.1:1', socket, '192.0.2.1')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { address: ip, port } = server.address() as AddressInfo;
  expect(await dialReset({ ip, port })).toBe('ECONNRESET');
  expect(gone).toEqual(['192.0.2.1']);
});

test('links that stand, one that is still being dialled too, are counted and keep their options', async () => {
  const [hop, hanging] = [await NextHop.start(), await startHanging()];
  const proxy = proxyTo(listener(hanging));
  const [at] = await proxy.listen();
  if (at === undefined) throw new Error('unreachable');
  const waiting = await dial(at);
  await eventually(() => proxy.accepted).toBe(1);
  (await proxy.prepare([listener(hop)], { ...OPTIONS, limits: { ...OPTIONS.limits, max_connections: 2 } })).use();
  const { client, server } = await linkThrough(at, hop);
  await carry(new Chat().ask('the new way'), client, server);
  expect(await dialReset(at)).toBe('ECONNRESET');
  expect(proxy.accepted).toBe(2);
  expect(proxy.upstreams.map(({ name }) => name)).toEqual([hop.url]);
  waiting.reset();
  await eventually(() => proxy.accepted).toBe(1);
});
