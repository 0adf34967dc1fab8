/** max_msg_chunks: messages that drip are dropped, large ones are not. */
import { expect, test } from 'vitest';
import { MEGABYTE, transfer } from '../helpers/bulk.js';
import { carry, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { startTap } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

async function linkWith(max_msg_chunks: number): Promise<{ readonly client: Peer; readonly server: Peer }> {
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, proto_msrp: { max_msg_chunks } });
  return linkThrough(tap.socket, hop);
}

/** Writes one octet after another, each of them read in a turn of its own, until the connection is gone. */
async function drip(bytes: Buffer, from: Peer, to: Peer): Promise<number> {
  let count = 0;
  for (const octet of bytes) {
    try {
      from.send(Buffer.from([octet]));
      await to.receive(1);
    } catch {
      break;
    }
    count += 1;
  }
  return count;
}

test("a drip-fed message is dropped with the document's 4", async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, trace, proto_msrp: { max_msg_chunks: 4 } });
  const { client, server } = await linkThrough(tap.socket, hop);
  const count = await drip(new Chat().ask('x'.repeat(200)), client, server);
  // 4 × 536 octets may be missing; each read of one octet misses 535.
  expect(count).toBeGreaterThanOrEqual(4);
  expect(count).toBeLessThanOrEqual(5);
  expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
  expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
    Status: 'FAILURE',
    Reason: 'max_msg_chunks',
  });
});

test('eight small writes of an honest client pass with 64', async () => {
  const { client, server } = await linkWith(64);
  const chat = new Chat();
  for (let i = 0; i < 20; i += 1) {
    const message = chat.ask('a'.repeat(400));
    const size = Math.ceil(message.length / 8);
    for (let at = 0; at < message.length; at += size) await carry(message.subarray(at, at + size), client, server);
  }
});

test('0 lets any message through', async () => {
  const { client, server } = await linkWith(0);
  const message = new Chat().ask('x'.repeat(200));
  expect(await drip(message, client, server)).toBe(message.length);
});

test('100 MB in one chunk pass with 4', async () => {
  const { client, server } = await linkWith(4);
  await transfer(100 * MEGABYTE, { client, server });
  await carry(new Chat().ask('and on it goes'), client, server);
});
