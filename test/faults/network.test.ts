/** Networks that are cut, on any side of msrptap: in one direction or both, for a moment or for longer. */
import { expect, test } from 'vitest';
import { dial } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { Talk } from '../helpers/talk.js';
import { Chat } from '../helpers/wire.js';
import { note, recordAtEnd } from './figures.js';
import type { Way } from './lab.js';
import { converse, expectBeginning, file, hangUp, linkAtLast, labScene, pause, SLACK, timed, traced } from './scene.js';

/** Milliseconds. */
const SEND_TIMEOUT = 1_000;
/** Longer than a machine stands still for, and than it takes to cut a wire: nothing ends before its time. */
const IDLE_TIMEOUT = 5_000;
const CONNECT_TIMEOUT = 3_000;
/** For what a kernel holds to be full, or to be sent again after a cut. */
const SOON = 40_000;

const TIMEOUTS = { send_timeout: SEND_TIMEOUT, idle_timeout: IDLE_TIMEOUT, connect_timeout: CONNECT_TIMEOUT };

type Side = 'client' | 'next hop';
const SIDES: readonly Side[] = ['client', 'next hop'];
const CUTS: readonly (readonly [string, readonly Way[]])[] = [
  ['towards msrptap', ['in']],
  ['from msrptap', ['out']],
  ['in both directions', ['in', 'out']],
];

recordAtEnd();

test.for(SIDES.flatMap((side) => CUTS.map(([name, ways]) => ({ side, name, ways }))))(
  'the network of the $side is cut $name: idle_timeout tells whom it reaches, and the first packet after it the others',
  async ({ side, name, ways }, context) => {
    const { lab, examined, link } = await labScene(context, () => ({ proto_msrp: TIMEOUTS }));
    const { result: detected, grown } = await examined.leavesNothing(async () => {
      const both = await link();
      await converse(both);
      const [cut, whole] = side === 'client' ? [both.client, both.server] : [both.server, both.client];
      await lab.cut(side, ...ways);
      const chat = new Chat();
      const question = file(chat, 50_000);
      const isLost = {
        up: ways.includes(side === 'client' ? 'in' : 'out'),
        down: ways.includes(side === 'client' ? 'out' : 'in'),
      };
      const time = await timed(async () => {
        both.client.send(question);
        both.server.send(chat.tell('and you?'));
        expect(await whole.end).toBe('rst');
      });
      const [up, down] = [both.server.rest(), both.client.rest()];
      expectBeginning(up, question);
      expect({ up: up.length === 0, down: down.length === 0 }).toEqual(isLost);
      await lab.mend(side);
      // Whatever it says is for a connection that is there no more.
      cut.send(chat.tell('is anybody there?'));
      expect(await cut.end).toBe('rst');
      hangUp(both);
      return time;
    });
    expect(detected).toBeLessThan(IDLE_TIMEOUT + SLACK);
    const survived = 'idle_timeout (5,000) resets both connections; who is cut off learns from the first packet';
    note(`the network of the ${side} is cut ${name}`, { survived, lost: 0, detected, grown });
  },
);

test.for(SIDES)(
  'the network of the %s is away for a moment: all arrives, and nobody is closed',
  async (side, context) => {
    const patient = { ...TIMEOUTS, send_timeout: 10_000, idle_timeout: 10_000 };
    const { lab, examined, link } = await labScene(context, () => ({ proto_msrp: patient }));
    const { grown } = await examined.leavesNothing(async () => {
      const both = await link();
      await converse(both);
      const sent = file(new Chat(), 5_000_000);
      both.client.send(sent);
      const arrived = both.server.receive(sent.length);
      await eventually(() => both.server.octets).toBeGreaterThan(500_000);
      await lab.cut(side, 'in', 'out');
      await pause(500);
      await lab.mend(side);
      expect((await arrived).equals(sent), 'arrived unchanged').toBe(true);
      hangUp(both);
    });
    note(`the network of the ${side} is away for 0.5 s`, {
      survived: 'all arrives, nothing is closed',
      lost: 0,
      detected: null,
      grown,
    });
  },
);

test('SYNs to the next hop are lost: connect_timeout', async (context) => {
  const { lab, examined, link } = await labScene(context, () => ({ proto_msrp: TIMEOUTS }));
  const { tap } = examined;
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    hangUp(await link());
    await lab.cut('next hop', 'out');
    const client = await dial(tap.socket);
    const time = await timed(async () => expect(await client.end).toBe('rst'));
    await lab.mend('next hop');
    return time;
  });
  expect(detected).toBeLessThan(CONNECT_TIMEOUT + SLACK);
  expect(await tap.metric('connection_failures_total', { leg: 'upstream', reason: 'connect_timeout' })).toBe(2);
  note('SYNs to the next hop are lost', {
    survived: 'connect_timeout (3,000) resets the client',
    lost: 0,
    detected,
    grown,
  });
});

test('the interface towards the next hop is down: connect_unreachable, at once', async (context) => {
  const { lab, hop, examined } = await labScene(context, () => ({ proto_msrp: TIMEOUTS }));
  const { tap } = examined;
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    await lab.link('next hop', 'down');
    const client = await dial(tap.socket);
    const time = await timed(async () => expect(await client.end).toBe('rst'));
    await lab.link('next hop', 'up');
    const both = await linkAtLast(tap.socket, hop);
    await converse(both);
    hangUp(both);
    return time;
  });
  expect(hop.unclaimed).toBe(0);
  const failures = { leg: 'upstream', reason: 'connect_unreachable' };
  expect(await tap.metric('connection_failures_total', failures)).toBeGreaterThanOrEqual(2);
  const survived = 'connect_unreachable resets the client; once it is up, links are carried';
  note('the interface towards the next hop is down', { survived, lost: 0, detected, grown });
});

test('the network of Homer is cut: the traffic does not wait, and nothing is lost', async (context) => {
  const { lab, examined, homer, link } = await traced(context, () => ({ proto_msrp: TIMEOUTS }));
  const { tap } = examined;
  let longest = 0;
  const { grown } = await examined.leavesNothing(async () => {
    const both = await link();
    await lab.cut('hep', 'in', 'out');
    const talk = new Talk(both.client, both.server, 'x'.repeat(10_000));
    // More than the kernel holds: what comes then waits in msrptap.
    await eventually(() => tap.metric('hep_queue_bytes'), SOON).toBeGreaterThan(500_000);
    await talk.stop();
    longest = Math.max(longest, talk.longest);
    await lab.mend('hep');
    hangUp(both);
    await eventually(() => tap.metric('hep_queue_bytes'), SOON).toBe(0);
  });
  expect(longest).toBeLessThan(SLACK);
  // Of the last of them the receiver may know before the counter, or the other way round.
  await eventually(async () => {
    const { sent, ...others } = await tap.hepPackets();
    return { ...others, missing: sent - homer.packets.length };
  }, SOON).toEqual({ dropped: 0, failed: 0, maybe: 0, missing: 0 });
  note('the network of Homer is cut in both directions', {
    survived: 'packets wait, the traffic does not; all arrive afterwards',
    lost: 0,
    detected: null,
    grown,
  });
});
