/** hep_max_rate: what Homer gets of more than it can take. */
import { expect, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { startTap, TapProcess, type Tap } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const NOTE = /^\[msrptap: (\d+) messages left out by hep_max_rate\]$/;

/** Messages that notes tell of. */
function toldOf(trace: Trace): number {
  return trace.messages.reduce((sum, { payload }) => sum + Number(NOTE.exec(payload.toString())?.[1] ?? 0), 0);
}

function mirrored(trace: Trace): number {
  return trace.messages.filter(({ payload }) => payload.toString().startsWith('MSRP ')).length;
}

/** Many messages over one link, and its end. @returns how many */
async function talk(tap: Tap, hop: NextHop, count: number): Promise<string> {
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  const messages = Array.from({ length: count }, (_, index) => chat.ask(`${index}`));
  await carry(Buffer.concat(messages), client, server);
  client.finish();
  server.finish();
  await Promise.all([client.closed, server.closed]);
  return chat.session;
}

test('messages over it are left out, events are not, and the call says how many', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, trace, proto_hep: { hep_max_rate: 20 } });
  const session = await talk(tap, hop, 500);
  await eventually(() => trace.events().length).toBe(4);
  const leftOut = await tap.metric('hep_thinned_total', { destination: 'homer' });
  expect([mirrored(trace) + leftOut, toldOf(trace)]).toEqual([500, leftOut]);
  // ACCEPTED and CONNECTED have taken two of the 20; some came in while this lasted.
  expect(mirrored(trace)).toBeGreaterThanOrEqual(18);
  expect(leftOut).toBeGreaterThan(0);
  expect(await tap.hepPackets()).toEqual({ sent: trace.packets.length, dropped: leftOut, failed: 0, maybe: 0 });
  // In the ladder of the call, before its end.
  const ladder = trace.ladder(session);
  expect(ladder).toHaveLength(trace.packets.length);
  expect(ladder.slice(-2).map(({ event }) => event?.Event)).toEqual(['CLOSED', 'CLOSED']);
  expect(tap.logged('HEP packets over hep_max_rate: messages are left out')).toBe(1);
});

test('0, the default, leaves nothing out', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, trace });
  await talk(tap, hop, 3_000);
  await eventually(() => mirrored(trace)).toBe(3_000);
  expect(await tap.metric('hep_thinned_total')).toBe(0);
});

test('workers have their share of it', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ workers: 2, upstream: hop.url, trace, proto_hep: { hep_max_rate: 40 } });
  await talk(tap, hop, 1_000);
  await eventually(() => trace.events().length).toBe(4);
  await eventually(() => tap.metric('hep_thinned_total')).toBe(1_000 - mirrored(trace));
  expect(toldOf(trace)).toBe(1_000 - mirrored(trace));
  expect(mirrored(trace)).toBeGreaterThanOrEqual(18);
});
