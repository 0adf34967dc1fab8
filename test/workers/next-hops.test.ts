/** Next hops with two workers: what one knows of the others. */
import { expect, test } from 'vitest';
import { writeRequest } from '#src/msrp/writer.js';
import { writeProxyHeader } from '#src/net/proxy-protocol.js';
import { dial, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { TapProcess } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';

let count = 0;

function request(authority: string): Buffer {
  count += 1;
  return writeRequest({
    transactionId: `tid${count}abc`,
    method: 'SEND',
    toPath: [`msrp://${authority}/s${count};tcp`],
    fromPath: ['msrp://client.example.com:7/from;tcp'],
    headers: [],
    flag: '$',
  });
}

test('to_path: every worker dials what is allowed, and knows the sockets of the control process', async () => {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  const tap = await TapProcess.start({
    workers: 2,
    listeners: [{ socket: 'msrp:127.0.0.1:0', upstream: 'to_path' }],
    to_path: { allow: ['127.0.0.0/8:1-65535'] },
    trace,
  });
  for (let i = 0; i < 4; i += 1) {
    const client = await dial(tap.socket);
    const first = request(hop.address);
    client.send(first);
    expect(await (await hop.accept()).receive(first.length)).toEqual(first);
  }
  expect(await tap.metric('worker_connections', { worker: '1' })).toBe(2);

  const refused = async (port: number): Promise<void> => {
    const client = await dial(tap.socket);
    client.send(request(`127.0.0.1:${port}`));
    expect(await client.end).toBe('rst');
    await trace.event({ Event: 'CLOSED', Destination: client.address, Status: 'FAILURE', Reason: 'loop' });
  };
  for (let i = 0; i < 4; i += 1) await refused(i % 2 === 0 ? tap.socket.port : tap.httpd.port);

  // One that is replaced knows them too.
  const [victim = 0] = tap.workers();
  process.kill(victim, 'SIGKILL');
  await eventually(() => tap.logged('worker replaced')).toBe(1);
  for (let i = 0; i < 4; i += 1) await refused(tap.socket.port);
});

test('round_robin: each worker begins with another next hop, so that a few connections have not all the same', async () => {
  const hops = [await NextHop.start(), await NextHop.start()];
  const listener = { socket: 'msrp:127.0.0.1:0', upstream: hops.map(({ url }) => url), upstream_policy: 'round_robin' };
  const tap = await TapProcess.start({ workers: 2, listeners: [listener] });
  await dial(tap.socket);
  await dial(tap.socket);
  await Promise.all(hops.map((hop) => hop.accept()));
});

test('what is read and sent of the PROXY protocol, and lists with health over all workers', async () => {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  const dead = `msrp:127.0.0.1:${await freePort('127.0.0.1')}`;
  const listener = { socket: 'msrp:127.0.0.1:0', upstream: [dead, hop.url], send_proxy: 2 };
  const tap = await TapProcess.start({
    workers: 2,
    listeners: [{ ...listener, proxy_protocol: { from: ['127.0.0.1'] } }],
    trace,
    proto_msrp: { correlation_wait: 0 },
  });
  for (let i = 1; i <= 4; i += 1) {
    const client = await dial(tap.socket);
    const header = writeProxyHeader(2, {
      source: { ip: '192.0.2.7', port: i },
      destination: { ip: '198.51.100.1', port: 2855 },
    });
    client.send(header);
    expect(await (await hop.accept()).receive(header.length)).toEqual(header);
    await trace.event({ Event: 'ACCEPTED', Source: `192.0.2.7:${i}` });
  }
  // Each finds out for itself; up is what all of them say.
  expect(await tap.metric('upstream_dials_total', { upstream: dead, result: 'failure' })).toBeGreaterThanOrEqual(2);
  expect(await tap.metric('upstream_dials_total', { upstream: hop.url, result: 'success' })).toBe(4);
  expect([
    await tap.metric('upstream_up', { upstream: dead }),
    await tap.metric('upstream_up', { upstream: hop.url }),
  ]).toEqual([0, 1]);
});
