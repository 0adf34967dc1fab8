/** Connections that come from msrptap itself, as through a router that leads them back with their source unchanged. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { FailedAttempt } from '#src/events.js';
import type { Endpoint } from '#src/lib/address.js';
import { Proxy } from '#src/proxy/proxy.js';
import { eventually } from '../helpers/eventually.js';
import { OPTIONS, SILENT, clientTls, listenerTo } from '../helpers/proxy.js';

interface Scene {
  readonly proxy: Proxy;
  readonly port: number;
  readonly hop: { readonly port: number; accept(): Promise<Socket> };
  readonly failed: Promise<FailedAttempt>;
}

const nothing = (): void => {};

/** A proxy by To-Path, and a next hop. @param isOthersUpstream what other processes say */
async function start(isOthersUpstream: (source: Endpoint) => boolean | Promise<boolean>): Promise<Scene> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  let fail: (attempt: FailedAttempt) => void = nothing;
  const failed = new Promise<FailedAttempt>((resolve) => (fail = resolve));
  const link = { ...SILENT, connectFailed: fail };
  const allow = [{ ip: '127.0.0.0', prefix: 8, ports: [1, 65_535] }] as const;
  const proxy = new Proxy(
    [listenerTo('to_path')],
    { ...OPTIONS, to_path: { ...OPTIONS.to_path, allow } },
    { clientTls, isOthersUpstream },
    { link: () => link, acceptFailed() {} },
  );
  onTestFinished(async () => void (await proxy.drain(0)));
  const [address] = await proxy.listen();
  const hop = {
    port: (server.address() as AddressInfo).port,
    accept: async () => ((await once(server, 'connection')) as [Socket])[0],
  };
  return { proxy, port: address?.port ?? 0, hop, failed };
}

function ask(port: number, target: number): Socket {
  const client = connect(port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  client.on('error', () => {});
  client.write(
    `MSRP abcd SEND\r\nTo-Path: msrp://127.0.0.1:${target}/b;tcp\r\nFrom-Path: msrp://a:1/a;tcp\r\n-------abcd$\r\n`,
  );
  return client;
}

test('a socket that leads to a next hop is known as its own, as long as it stands', async () => {
  const asked: Endpoint[] = [];
  const { proxy, port, hop } = await start((source) => {
    asked.push(source);
    return false;
  });
  const accepted = hop.accept();
  const client = ask(port, hop.port);
  const upstream = await accepted;
  await once(upstream, 'data');
  const own = { ip: '127.0.0.1', port: upstream.remotePort ?? 0 };
  expect(proxy.hasUpstreamAt(own)).toBe(true);
  expect(proxy.hasUpstreamAt({ ...own, ip: '::ffff:7f00:1' })).toBe(true);
  expect(proxy.hasUpstreamAt({ ...own, ip: '127.0.0.2' })).toBe(false);
  expect(proxy.hasUpstreamAt({ ip: '127.0.0.1', port: client.localPort ?? 0 })).toBe(false);
  // Whoever comes from this machine may be another process of msrptap.
  expect(asked).toEqual([{ ip: '127.0.0.1', port: client.localPort }]);
  client.destroy();
  upstream.destroy();
  await eventually(() => proxy.links.size).toBe(0);
  expect(proxy.hasUpstreamAt(own)).toBe(false);
});

test.each([true, Promise.resolve(true)])('a connection from one is refused: a loop', async (answer) => {
  const { proxy, port, hop, failed } = await start(() => answer);
  const client = ask(port, hop.port);
  const closed = new Promise((resolve) => client.once('close', resolve));
  expect(await failed).toMatchObject({ leg: 'upstream', reason: 'loop', name: `127.0.0.1:${hop.port}`, isLast: true });
  await closed;
  await eventually(() => proxy.links.size).toBe(0);
});

test('a client that goes while others are asked', async () => {
  let answer: (isOwn: boolean) => void = nothing;
  let isAsked: () => void = nothing;
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const { proxy, port, hop } = await start(() => {
    isAsked();
    return new Promise((resolve) => (answer = resolve));
  });
  const client = ask(port, hop.port);
  await asked;
  client.resetAndDestroy();
  const accepted = hop.accept();
  answer(false);
  // What it said before is passed on, and then it is cut there too.
  const upstream = await accepted;
  upstream.on('error', () => {});
  await eventually(() => proxy.links.size).toBe(0);
});
