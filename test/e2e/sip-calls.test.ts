/** MSRP with its SIP call: told by MI, or learnt from the copy of SIP that comes to hep_input. */
import { createSocket } from 'node:dgram';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hepPacket } from '../commands/hep-encoder.js';
import { carry, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { MiTap } from '../helpers/mi.js';
import { answer, invite } from '../helpers/sip.js';
import { endpointOf, type Setup } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

interface Scene {
  readonly mi: MiTap;
  readonly trace: Trace;
  /** A new link. */
  readonly link: () => Promise<{ readonly client: Peer; readonly server: Peer }>;
  /** What a SIP server sends. */
  readonly copy: (sip: string) => void;
}

async function scene(setup: Setup): Promise<Scene> {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  trace.isCorrelated = true;
  const mi = await MiTap.start({ upstream: hop.url, trace, hep_input: 'udp:127.0.0.1:0', ...setup });
  const ready = mi.tap.log.find(({ msg }) => msg === 'ready');
  const { ip, port } = endpointOf(String(ready?.['hep_input']).replace(/^udp:/, ''));
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  return {
    mi,
    trace,
    link: () => linkThrough(mi.tap.socket, hop),
    copy: (sip) => socket.send(hepPacket({ type: 1, payload: sip }), port, ip),
  };
}

const callerOf = ({ session }: Chat): string => session.replace(/^to\./, 'from.');

async function talk(chat: Chat, { client, server }: Awaited<ReturnType<Scene['link']>>): Promise<void> {
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
}

interface Listed {
  readonly Session: string;
  readonly 'Call-ID': string;
  readonly From: string;
  readonly 'Seconds left': number;
}

describe.each([1, 2])('workers: %i', (workers) => {
  test('told by MI: every packet of the session, on links of every worker, until it is taken back', async () => {
    const { mi, trace, link } = await scene({ workers });
    const chats = Array.from({ length: 4 }, () => new Chat());
    for (const [index, { session }] of chats.entries()) {
      const told = await mi.call('mi_http', 'msrptap:correlate', session, `call-${index}`, '600');
      expect(told).toMatchObject({ result: 'OK' });
    }
    const links = [];
    for (const chat of chats) {
      const one = await link();
      links.push(one);
      await talk(chat, one);
    }
    await eventually(() => trace.packets.length).toBe(4 * 4);
    for (const [index, { session }] of chats.entries()) {
      const ladder = trace.ladder(`call-${index}`);
      // A message may be read before msrptap hears that the next hop has accepted.
      expect(ladder.map(({ event }) => event?.Event ?? 'message').toSorted()).toEqual([
        'ACCEPTED',
        'CONNECTED',
        'message',
        'message',
      ]);
      for (const { event } of ladder) if (event !== null) expect(event.Session).toBe(session);
    }
    const { result } = await mi.call('mi_fifo', 'msrptap:correlations');
    const { Correlations, Total } = result as { readonly Correlations: readonly Listed[]; readonly Total: number };
    expect(Correlations.map(({ Session, From }) => [Session, From])).toEqual(
      chats.map(({ session }) => [session, 'mi']).toReversed(),
    );
    expect(Total).toBe(4);
    for (const each of Correlations) expect(each['Seconds left']).toBeGreaterThan(500);

    const [first, second] = chats;
    expect(await mi.call('mi_datagram', 'msrptap:uncorrelate', first?.session)).toMatchObject({ result: 'OK' });
    expect(await mi.call('mi_datagram', 'msrptap:uncorrelate', first?.session)).toMatchObject({ error: { code: 404 } });
    for (const [index, chat] of [first, second].entries()) {
      const one = links[index];
      if (chat !== undefined && one !== undefined) await talk(chat, one);
    }
    await eventually(() => trace.packets.length).toBe(4 * 4 + 4);
    expect(
      trace.packets
        .slice(-4)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(['call-1', 'call-1', first?.session ?? '', first?.session ?? ''].toSorted());
    expect(await mi.tap.metric('correlations')).toBe(3);
    expect(await mi.tap.metric('correlations_learnt_total', { from: 'mi' })).toBe(4);
    expect(await mi.tap.metric('observer_errors_total')).toBe(0);
  });

  test('learnt from SIP: both session-ids of the call, and from then on, also on links that stand', async () => {
    const { mi, trace, link, copy } = await scene({ workers });
    const chats = [new Chat(), new Chat(), new Chat()];
    const links = [];
    for (const chat of chats) {
      const one = await link();
      links.push(one);
      await talk(chat, one);
    }
    await eventually(() => trace.packets.length).toBe(3 * 4);
    expect(new Set(trace.packets.map(({ id }) => id))).toEqual(new Set(chats.map(({ session }) => session)));

    const [both, offer, other] = chats;
    if (both === undefined || offer === undefined || other === undefined) throw new Error('three');
    // Of the second call, only what its caller said is seen.
    copy(invite({ callId: 'call-of-both', sessions: callerOf(both) }));
    copy(answer({ callId: 'call-of-both', sessions: both.session }));
    copy(invite({ callId: 'call-of-offer', sessions: callerOf(offer) }));
    copy(invite({ callId: 'back-to-back', sessions: callerOf(offer) }));
    copy('no SIP');
    await eventually(() => mi.tap.metric('hep_input_packets_total')).toBe(5);
    expect(await mi.tap.metric('correlations_learnt_total', { from: 'sip' })).toBe(3);
    expect(await mi.tap.metric('correlations_refused_total')).toBe(1);
    // An answer of every worker: what it was told before has arrived.
    await mi.call('mi_http', 'msrptap:links');
    for (const [index, chat] of chats.entries()) {
      const one = links[index];
      if (one !== undefined) await talk(chat, one);
    }
    for (const { client, server } of links) {
      client.finish();
      server.finish();
    }
    await eventually(() => trace.packets.length).toBe(3 * 8);
    const later = trace.packets.slice(3 * 4).map(({ id }) => id);
    expect(later.toSorted()).toEqual(
      [...fourOf('call-of-both'), ...fourOf('call-of-offer'), ...fourOf(other.session)].toSorted(),
    );
  });
});

const fourOf = (id: string): string[] => Array.from({ length: 4 }, () => id);

test('a worker that takes the place of another knows all that is known', async () => {
  const { mi, trace, link, copy } = await scene({ workers: 2 });
  const chats = Array.from({ length: 6 }, () => new Chat());
  const [first, ...others] = chats;
  await mi.call('mi_http', 'msrptap:correlate', first?.session, 'the-call');
  for (const { session } of others) copy(answer({ callId: 'the-call', sessions: session }));
  await eventually(() => mi.tap.metric('correlations')).toBe(6);
  for (const pid of mi.tap.workers()) process.kill(pid, 'SIGKILL');
  await eventually(() => mi.tap.logged('worker replaced')).toBe(2);
  for (const chat of chats) await talk(chat, await link());
  await eventually(() => trace.packets.length).toBe(6 * 4);
  expect(new Set(trace.packets.map(({ id }) => id))).toEqual(new Set(['the-call']));
});

test('a worker that hangs holds nobody up, and knows it when it wakes up', async () => {
  const { mi, trace, link, copy } = await scene({ workers: 2 });
  const chats = Array.from({ length: 4 }, () => new Chat());
  const links = [];
  for (const chat of chats) {
    const one = await link();
    links.push(one);
    await talk(chat, one);
  }
  await eventually(() => trace.packets.length).toBe(4 * 4);
  const [hung = 0] = mi.tap.workers();
  process.kill(hung, 'SIGSTOP');
  const wakeUp = (): void => void process.kill(hung, 'SIGCONT');
  onTestFinished(wakeUp);
  const [first, ...others] = chats;
  expect(await mi.call('mi_http', 'msrptap:correlate', first?.session, 'the-call')).toMatchObject({ result: 'OK' });
  for (const { session } of others) copy(answer({ callId: 'the-call', sessions: session }));
  for (let index = 0; index < 200; index += 1) copy(answer({ callId: `other-${index}`, sessions: `other-${index}` }));
  await eventually(() => mi.tap.metric('correlations')).toBeGreaterThanOrEqual(4);
  wakeUp();
  // An answer of every worker: it has read what it was told before.
  await eventually(async () => (await mi.call('mi_http', 'msrptap:links')).result).not.toHaveProperty('Missing');
  for (const [index, chat] of chats.entries()) {
    const one = links[index];
    if (one !== undefined) await talk(chat, one);
  }
  await eventually(() => trace.packets.length).toBe(4 * 6);
  expect(new Set(trace.packets.slice(4 * 4).map(({ id }) => id))).toEqual(new Set(['the-call']));
});

test('without a trace there is nothing to correlate, and MI says so', async () => {
  const mi = await MiTap.start();
  expect(await mi.call('mi_http', 'msrptap:correlate', 's', 'c')).toMatchObject({ error: { code: 400 } });
  expect(await mi.call('mi_http', 'msrptap:correlations')).toMatchObject({ result: { Correlations: [], Total: 0 } });
});
