/** Sockets that read into a place that they share. That it is overwritten after each read is helpers/poison.mjs. */
import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { rehouse } from '#src/net/rehouse.js';
import { SlabSocket } from '#src/net/slab-socket.js';
import { eventually } from '../helpers/eventually.js';

interface Pair {
  readonly client: Socket;
  readonly accepted: Socket;
}

/** A connection, and its other end as a listener accepts it. */
async function pair(): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = once(server, 'connection');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [[accepted]] = await Promise.all([connection as Promise<[Socket]>, once(client, 'connect')]);
  onTestFinished(() => {
    client.destroy();
    accepted.destroy();
    server.close();
  });
  return { client, accepted };
}

function housed(accepted: Socket): SlabSocket {
  const socket = SlabSocket.around(accepted);
  onTestFinished(() => void socket.destroy());
  if (!(socket instanceof SlabSocket)) throw new Error('this Node gives no handle');
  return socket;
}

/** Copies of what it reads. */
function received(socket: SlabSocket): string[] {
  const texts: string[] = [];
  socket.onBytes((bytes) => texts.push(bytes.toString()));
  return texts;
}

test('what was read is good during the call, and overwritten after it', async () => {
  const { client, accepted } = await pair();
  const socket = housed(accepted);
  const views: Buffer[] = [];
  const texts: string[] = [];
  socket.onBytes((bytes) => {
    views.push(bytes);
    texts.push(bytes.toString());
  });
  socket.resume();
  client.write('hello');
  await eventually(() => texts).toEqual(['hello']);
  expect(views[0]?.toString()).not.toBe('hello');
});

test('the accepted socket is gone, its connection stays: addresses, bytes and ends both ways', async () => {
  const { client, accepted } = await pair();
  const socket = housed(accepted);
  const closed = once(accepted, 'close');
  expect(socket.remotePort).toBe(client.localPort);
  expect(socket.localPort).toBe(client.remotePort);
  await closed;
  const texts = received(socket);
  socket.resume();
  client.end('to the end');
  await once(socket, 'end');
  expect(texts.join('')).toBe('to the end');
  const [answer, ...ends] = [once(client.setEncoding('utf8'), 'data'), once(client, 'end'), once(socket, 'close')];
  socket.end('an answer');
  expect(await answer).toEqual(['an answer']);
  await Promise.all(ends);
});

test('it reads nothing until it is resumed, and nothing while it is paused', async () => {
  const [first, other] = [await pair(), await pair()];
  const [socket, probe] = [housed(first.accepted), housed(other.accepted)];
  const texts = received(socket);
  probe.resume();
  /** What was sent to a socket that reads would have been read by then: the probe's came later. */
  const arrived = async (): Promise<void> => {
    const read = new Promise<void>((resolve) => probe.onBytes(() => resolve()));
    other.client.write('x');
    await read;
  };
  await new Promise<void>((resolve) => first.client.write('early', () => resolve()));
  await arrived();
  expect(texts).toEqual([]);
  socket.resume();
  await eventually(() => texts).toEqual(['early']);
  socket.pause();
  await new Promise<void>((resolve) => first.client.write('late', () => resolve()));
  await arrived();
  expect(texts).toEqual(['early']);
  socket.resume();
  await eventually(() => texts).toEqual(['early', 'late']);
});

test('a reset is an error', async () => {
  const { client, accepted } = await pair();
  const socket = housed(accepted);
  const failed = once(socket, 'error');
  socket.resume();
  client.resetAndDestroy();
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
});

test('a connection that is originated', async () => {
  const server = createServer((socket) => void socket.end('welcome'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const socket = new SlabSocket();
  onTestFinished(() => void socket.destroy());
  const texts = received(socket);
  // By name: Node then tries addresses one by one, with a handle for each.
  socket.connect({ host: 'localhost', port: (server.address() as AddressInfo).port, autoSelectFamily: true });
  await once(socket, 'connect');
  socket.resume();
  await once(socket, 'end');
  expect(texts.join('')).toBe('welcome');
});

test('a socket that has read already stays what it is', async () => {
  const { client, accepted } = await pair();
  const data = once(accepted, 'data');
  accepted.resume();
  client.write('one');
  await data;
  expect(SlabSocket.around(accepted)).toBe(accepted);
  const more = once(accepted, 'data');
  client.write('two');
  expect(String((await more)[0])).toBe('two');
});

test('so does one without a handle that is known', () => {
  const socket = new Socket();
  expect(SlabSocket.around(socket)).toBe(socket);
  Object.assign(socket, { _handle: { readStart() {}, readStop() {} } });
  expect(SlabSocket.around(socket)).toBe(socket);
});

test('and one whose handle a new socket does not take', async () => {
  const { client, accepted } = await pair();
  expect(rehouse(accepted, () => new Socket())).toBeNull();
  const data = once(accepted, 'data');
  accepted.resume();
  client.write('still here');
  expect(String((await data)[0])).toBe('still here');
});
