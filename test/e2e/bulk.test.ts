/** Large files, slow readers and many links at once: what goes in comes out, and memory stays flat. */
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { chunkOctets, grown, MEGABYTE, receiveHash, sendChunk, startPipe, transfer } from '../helpers/bulk.js';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { startTap, TapProcess } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

test('a 200 MB file in one chunk takes no more memory than a plain pipe, but for 15 MB', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await TapProcess.start({
    upstream: hop.url,
    trace,
    proto_msrp: { max_msg_chunks: 4, trace_body: 'full' },
  });
  const pipe = await startPipe(hop.port);
  const throughPipe = await linkThrough(pipe.socket, hop);
  const plain = await grown(pipe.memory, () => transfer(200 * MEGABYTE, throughPipe));
  const throughTap = await linkThrough(tap.socket, hop);
  const proxied = await grown(
    () => tap.memory(),
    () => transfer(200 * MEGABYTE, throughTap),
  );
  expect(proxied.by).toBeLessThanOrEqual(plain.by + 15);

  throughTap.client.finish();
  throughTap.server.finish();
  const octets = (await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).BytesIn ?? 0;
  expect(octets).toBeGreaterThan(200 * MEGABYTE);
  // A message longer than trace_max_payload is one packet all the same.
  expect(trace.messages).toHaveLength(1);
});

test('20 MB over TLS on both sides', async () => {
  const hop = await NextHop.start({ tls: serving(certs().server) });
  const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
  const tap = await startTap({ listeners, tls_mgm: tlsDomains(certs()) });
  const client = await dial(tap.socket, trusting(certs()));
  await transfer(20 * MEGABYTE, { client, server: await hop.accept() });
});

test('a slow reader slows its sender down, memory stays flat, and every byte arrives', async () => {
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url });
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  const size = 150 * MEGABYTE;
  const before = tap.memory().now;
  const received = receiveHash(chunkOctets(chat, size), server);
  server.socket.pause();
  let isSent = false;
  const sending = sendChunk(chat, size, client).then((sent) => {
    isSent = true;
    return sent;
  });
  // It stops when the kernel's buffers and the little that msrptap holds are full.
  await standsStill(() => client.socket.bytesWritten - client.socket.writableLength);
  expect(isSent).toBe(false);
  expect(tap.memory().most - before).toBeLessThan(30);
  server.socket.resume();
  expect(await received).toBe((await sending).hash);
});

test('a reader that takes a little now and then is no stalled one', async () => {
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, proto_msrp: { send_timeout: 300 } });
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  const size = 20 * MEGABYTE;
  const received = receiveHash(chunkOctets(chat, size), server);
  const sending = sendChunk(chat, size, client);
  let octets = 0;
  server.socket.on('data', (bytes) => {
    octets += bytes.length;
    if (octets < MEGABYTE) return;
    octets = 0;
    server.socket.pause();
    setTimeout(() => server.socket.resume(), 50);
  });
  expect(await received).toBe((await sending).hash);
});

test('a FIN waits for what is ahead of it', async () => {
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url });
  const { client, server } = await linkThrough(tap.socket, hop);
  server.socket.pause();
  const chat = new Chat();
  const size = 20 * MEGABYTE;
  const received = receiveHash(chunkOctets(chat, size), server);
  const sending = sendChunk(chat, size, client);
  const finished = sending.then(() => client.finish());
  await standsStill(() => client.socket.bytesWritten - client.socket.writableLength);
  server.socket.resume();
  expect(await received).toBe((await sending).hash);
  await finished;
  expect(await server.end).toBe('fin');
});

test('what is sent before the next hop stands is held, a little of it, and the rest is not read', async () => {
  const gate = new EventEmitter();
  const hop = await NextHop.start({ tls: serving(certs().server), until: once(gate, 'open') });
  const tap = await TapProcess.start({
    upstream: hop.url,
    tls_mgm: tlsDomains(certs()),
    // Until the gate opens.
    proto_msrp: { tls_handshake_timeout: 60_000 },
  });
  const client = await dial(tap.socket);
  const chat = new Chat();
  const size = 30 * MEGABYTE;
  const sending = sendChunk(chat, size, client);
  await standsStill(() => client.socket.bytesWritten - client.socket.writableLength);
  expect(await tap.metric('bytes_total', { direction: 'up' })).toBeLessThanOrEqual(2 * 65_536);
  gate.emit('open');
  const received = receiveHash(chunkOctets(chat, size), await hop.accept());
  expect(await received).toBe((await sending).hash);
});

/** Resolves when a figure has not moved for a while. */
async function standsStill(figure: () => number): Promise<void> {
  let last = -1;
  await expect
    .poll(() => [last, (last = figure())].reduce((a, b) => b - a), { interval: 200, timeout: 10_000 })
    .toBe(0);
}

describe('20 links at once', () => {
  test('talk across each other, and every packet is filed under its own session', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({ upstream: hop.url, trace, proto_msrp: { trace_body: 'full' } });
    const links: { client: Peer; server: Peer; chat: Chat; sent: Buffer[] }[] = [];
    for (let i = 0; i < 20; i += 1) links.push({ ...(await linkThrough(tap.socket, hop)), chat: new Chat(), sent: [] });

    const ROUNDS = 25;
    // A session is filed under what its first request says: the caller's.
    for (const { client, server, chat } of links) await carry(chat.ask(), client, server);
    await Promise.all(
      links.map(async ({ client, server, chat, sent }, number) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const question = chat.ask(`${number}/${round} ${'é'.repeat((round * 331) % 3_000)}`);
          const answer = chat.tell({ type: 'application/octet-stream', body: Buffer.alloc(round * 100, number) });
          // Both at once, in pieces of different sizes.
          const cut = (number * 97 + round) % question.length;
          client.send(question.subarray(0, cut));
          server.send(answer);
          client.send(question.subarray(cut));
          const [atServer, atClient] = await Promise.all([
            server.receive(question.length),
            client.receive(answer.length),
          ]);
          expect(sha256(atServer)).toBe(sha256(question));
          expect(sha256(atClient)).toBe(sha256(answer));
          sent.push(question, answer);
        }
      }),
    );
    await trace.count(20 * (2 + 1 + 2 * ROUNDS));
    for (const { client, chat, sent } of links) {
      const messages = trace
        .ladder(chat.session)
        .filter(({ event }) => event === null)
        .slice(1);
      expect(messages.map(({ payload }) => sha256(payload)).toSorted()).toEqual(sent.map(sha256).toSorted());
      const [up, down] = [
        messages.filter(({ source }) => source === client.address),
        messages.filter(({ source }) => source === hop.address),
      ];
      expect(up.map(({ destination, payload }) => [destination, sha256(payload)])).toEqual(
        sent.flatMap((message, i) => (i % 2 === 0 ? [[hop.address, sha256(message)]] : [])),
      );
      expect(down).toHaveLength(ROUNDS);
    }
  });
});

function sha256(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex');
}
