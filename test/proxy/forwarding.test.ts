import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LinkObserver, Observer, Read } from '#src/events.js';
import { Observers } from '#src/proxy/observers.js';
import { Proxy } from '#src/proxy/proxy.js';
import { OPTIONS, SILENT, clientTls, listenerTo } from '../helpers/proxy.js';

let reads: Read[] = [];
let observer: LinkObserver = SILENT;
const thrown: unknown[] = [];
const observers: Observer = new Observers(
  [{ link: () => observer, acceptFailed() {} }],
  (error) => void thrown.push(error),
);

let nextHop: Server;
let proxy: Proxy;
let port: number;
const accepted: Socket[] = [];
let wake: (() => void) | null = null;

beforeAll(async () => {
  nextHop = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    wake?.();
  });
  nextHop.listen(0, '127.0.0.1');
  await once(nextHop, 'listening');
  const { port: hop } = nextHop.address() as AddressInfo;
  const listeners = [listenerTo([{ proto: 'msrp', host: '127.0.0.1', port: hop }])];
  proxy = new Proxy(listeners, OPTIONS, { clientTls, isOthersUpstream: () => false }, observers);
  port = (await proxy.listen())[0]?.port ?? 0;
});

afterAll(async () => {
  await proxy.drain(0);
  nextHop.close();
});

async function nextAccepted(): Promise<Socket> {
  while (accepted.length === 0) await new Promise<void>((resolve) => (wake = resolve));
  return accepted.shift() as Socket;
}

/** Writes the parts, each in a turn of its own, then a FIN; resolves with all that came from the other side. */
async function converse(socket: Socket, parts: readonly Uint8Array[]): Promise<Buffer> {
  const received: Buffer[] = [];
  socket.on('data', (buffer: Buffer) => received.push(buffer));
  const ended = once(socket, 'end');
  for (const part of parts) {
    socket.write(part);
    await nextTurn();
  }
  socket.end();
  await ended;
  return Buffer.concat(received);
}

/** Messages whose bodies try to look like ends, CRLFs between them, cut at random places. */
const stream = fc
  .array(
    fc.record({
      tid: fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9.+%=-]{3,31}$/),
      body: fc.option(
        fc
          .array(
            fc.oneof(
              fc.uint8Array({ maxLength: 40 }),
              fc.constantFrom('\r\n-------', '-------abcd$\r\n', '\r\n', '\r').map((text) => Buffer.from(text)),
            ),
            { maxLength: 6 },
          )
          .map((parts) => Buffer.concat(parts)),
        { nil: null },
      ),
      flag: fc.constantFrom('$', '+', '#'),
      stray: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 6 },
  )
  .map((messages) =>
    Buffer.concat(
      messages.flatMap(({ tid, body, flag, stray }) => [
        Buffer.from('\r\n'.repeat(stray)),
        Buffer.from(`MSRP ${tid} SEND\r\nTo-Path: msrp://b.example:1/b;tcp\r\nFrom-Path: msrp://a.example:1/a;tcp\r\n`),
        // A body may hold anything but its own end-line [RFC 4975 §5.1].
        body === null || body.includes(`-------${tid}`)
          ? Buffer.alloc(0)
          : Buffer.concat([Buffer.from('Content-Type: a/b\r\n\r\n'), body, Buffer.from('\r\n')]),
        Buffer.from(`-------${tid}${flag}\r\n`),
      ]),
    ),
  );

const parts = fc.tuple(stream, fc.array(fc.nat(), { maxLength: 12 })).map(([bytes, cuts]) => {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
});

function fail(): never {
  throw new Error('observer');
}

test('property: for any messages in any reads, both ways at once, the bytes that come out are those that went in', async () => {
  await fc.assert(
    fc.asyncProperty(parts, parts, async (up, down) => {
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      const received = converse(client, up);
      const server = await nextAccepted();
      server.setNoDelay(true);
      const [atServer, atClient] = await Promise.all([converse(server, down), received]);
      expect(atServer.equals(Buffer.concat(up))).toBe(true);
      expect(atClient.equals(Buffer.concat(down))).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('what an observer throws changes no byte and reaches nobody but the error handler', async () => {
  observer = { connected: fail, connectFailed: fail, read: fail, transactionTimedOut: fail, closed: fail, ended: fail };
  const message = Buffer.from(
    'MSRP abcd SEND\r\nTo-Path: msrp://b:1/b;tcp\r\nFrom-Path: msrp://a:1/a;tcp\r\n-------abcd$\r\n',
  );
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const received = converse(client, [message]);
  const server = await nextAccepted();
  expect(await converse(server, [message])).toEqual(message);
  expect(await received).toEqual(message);
  while (proxy.links.size > 0) await nextTurn();
  expect(thrown.length).toBeGreaterThanOrEqual(5);
  observer = SILENT;
});

test('observers are told of a read after its bytes were passed on', async () => {
  reads = [];
  let passedOn = false;
  observer = {
    ...SILENT,
    read: (read) => {
      reads.push(read);
      const [link] = [...proxy.links];
      passedOn = link?.upstream?.bytesOut === read.buffer.length;
    },
  };
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const server = await nextAccepted();
  const received = converse(server, []);
  await converse(client, [Buffer.from('\r\n')]);
  await received;
  expect(reads).toHaveLength(1);
  expect(passedOn).toBe(true);
  observer = SILENT;
});
