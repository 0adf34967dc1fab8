/**
 * All plain connections read into one place and write from another: whatever the paces at which the ends of several links
 * take their bytes, each gets what was meant for it, octet by octet.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { useCerts } from '../helpers/certs.js';
import { linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { startTap, TapProcess, type Tap } from '../helpers/tap.js';
import { serving, tlsDomains } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

const LINKS = 4;

/** One direction of a link. */
interface Course {
  readonly link: number;
  readonly isUp: boolean;
  /** Octets of the bodies, in their order. Some are more than the kernel takes for a reader that takes nothing. */
  readonly bodies: readonly number[];
  /** How many turns of the event loop the reader rests between two reads. */
  readonly rest: number;
}

const bodies = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
    { weight: 3, arbitrary: fc.constantFrom(65_000, 65_536, 300_000) },
    { weight: 1, arbitrary: fc.integer({ min: 2_000_000, max: 4_000_000 }) },
  ),
  { minLength: 1, maxLength: 8 },
);
const courses: fc.Arbitrary<readonly Course[]> = fc.tuple(
  ...Array.from({ length: LINKS * 2 }, (_, index) =>
    fc.record({
      link: fc.constant(index >> 1),
      isUp: fc.constant(index % 2 === 0),
      bodies,
      rest: fc.constantFrom(0, 0, 1, 3),
    }),
  ),
);

/** No two of its words are the same, nor those of two messages. */
function bodyOf(octets: number, seed: number): Buffer {
  const body = Buffer.alloc(octets);
  for (let at = 0; at + 4 <= octets; at += 4) body.writeUInt32LE(((seed << 24) ^ (at * 2_654_435_761)) >>> 0, at);
  return body;
}

/** Takes so many octets, resting between the reads. */
async function take(peer: Peer, octets: number, rest: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const all = peer.each(octets, (bytes) => {
    parts.push(bytes);
    if (rest > 0) void pause(peer, rest);
  });
  await all;
  return Buffer.concat(parts);
}

async function pause({ socket }: Peer, turns: number): Promise<void> {
  socket.pause();
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  socket.resume();
}

async function run(tap: Tap, hop: NextHop, plan: readonly Course[]): Promise<void> {
  const links: { readonly client: Peer; readonly server: Peer }[] = [];
  for (let i = 0; i < LINKS; i += 1) links.push(await linkThrough(tap.socket, hop));
  const arrivals = plan.map(async ({ link, isUp, bodies: sizes, rest }, course) => {
    const { client, server } = links[link]!;
    const [from, to] = isUp ? [client, server] : [server, client];
    const chat = new Chat();
    const content = (octets: number, index: number) => ({
      type: 'application/octet-stream',
      body: bodyOf(octets, course * 8 + index),
    });
    const sent = sizes.map((octets, index) =>
      isUp ? chat.ask(content(octets, index)) : chat.tell(content(octets, index)),
    );
    const wanted = Buffer.concat(sent);
    const got = take(to, wanted.length, rest);
    for (const message of sent) from.send(message);
    expect((await got).equals(wanted), 'arrived unchanged').toBe(true);
  });
  await Promise.all(arrivals);
  for (const { client, server } of links) {
    client.finish();
    server.finish();
    await Promise.all([client.closed, server.closed]);
  }
}

const runs = (tap: Tap, hop: NextHop, numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(courses, (plan) => run(tap, hop, plan)),
    { numRuns, endOnFailure: true },
  );

test('links whose ends take their bytes at any pace, traced with their bodies', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  await runs(await startTap({ upstream: hop.url, trace, proto_msrp: { trace_body: 'full' } }), hop, 3);
});

test('the same towards a next hop that speaks TLS', async () => {
  const hop = await NextHop.start({ tls: serving(certs().server) });
  await runs(await startTap({ upstream: hop.url, tls_mgm: tlsDomains(certs()) }), hop, 1);
});

test('the same in workers', async () => {
  const hop = await NextHop.start();
  await runs(await TapProcess.start({ upstream: hop.url, workers: 2 }), hop, 1);
});
