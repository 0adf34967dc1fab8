/** Resolvers that hang, fail or take their time, for the names of the next hop and of the HEP destination. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { dial, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { receiveTcp, receiveUdp } from '../helpers/hep.js';
import { note, recordAtEnd } from './figures.js';
import { Lab } from './lab.js';
import { LATE, NameServer, type Behaviour } from './name-server.js';
import { converse, endOfDial, hangUp, linkAtLast, sceneIn, SLACK, timed, type LabScene, type Link } from './scene.js';

/** Milliseconds. */
const CONNECT_TIMEOUT = 500;
/** Links at once: more than there are threads for getaddrinfo. */
const MANY = 20;
/** Few enough that a burst of their packets fits into the receiver's socket: UDP does not wait. */
const EXCHANGES = 20;

recordAtEnd();

/** @returns milliseconds of the longest */
async function converseFor(link: Link, exchanges: number): Promise<number> {
  let longest = 0;
  for (let i = 0; i < exchanges; i += 1) longest = Math.max(longest, await timed(() => converse(link)));
  return longest;
}

interface NamedScene extends LabScene {
  readonly names: NameServer;
  /** A listener whose next hop has an address. */
  readonly sure: NextHop;
}

/** The first listener forwards to a name, the second to an address. */
async function named(context: TestContext, connect_timeout: number): Promise<NamedScene> {
  const lab = await Lab.open(context);
  const { client, 'next hop': nextHop } = lab.wires;
  const [hop, sure] = [await NextHop.start({ ip: nextHop.here }), await NextHop.start({ ip: nextHop.here })];
  const names = await NameServer.start(lab, { 'hop.example.com': nextHop.here });
  const listeners = [
    { socket: `msrp:${client.there}:0`, upstream: `msrp:hop.example.com:${hop.port}` },
    { socket: `msrp:${client.there}:0`, upstream: sure.url },
  ];
  return { ...(await sceneIn(lab, { listeners, proto_msrp: { connect_timeout } }, hop)), names, sure };
}

test.for<[Behaviour, string, number]>([
  ['silent', 'dns_timeout', CONNECT_TIMEOUT],
  ['SERVFAIL', 'dns_failed', 0],
  ['NXDOMAIN', 'dns_not_found', 0],
])(
  'the resolver is %s: %s; other links are carried meanwhile, and all of them afterwards',
  async ([behaviour, reason, after], context) => {
    const { examined, names, sure, hop } = await named(context, CONNECT_TIMEOUT);
    const { tap } = examined;
    const [, other = tap.socket] = tap.sockets;
    const { result: detected, grown } = await examined.leavesNothing(async () => {
      names.behaviour = behaviour;
      const questions = names.questions;
      const time = await timed(async () => {
        const ends = Array.from({ length: MANY }, () => endOfDial(tap.socket));
        const accepted = sure.accept();
        const both = { client: await dial(other), server: await accepted };
        await converse(both);
        hangUp(both);
        expect(await Promise.all(ends)).toEqual(ends.map(() => 'rst'));
      });
      // A and AAAA, twice: not so for each of the links.
      if (behaviour === 'silent') expect(names.questions - questions).toBeLessThanOrEqual(4);
      names.behaviour = 'answers';
      const again = await linkAtLast(tap.socket, hop);
      await converse(again);
      hangUp(again);
      return time;
    });
    expect(detected).toBeLessThan(after + SLACK);
    expect(await tap.metric('connection_failures_total', { leg: 'upstream', reason })).toBeGreaterThanOrEqual(2 * MANY);
    note(`the resolver of the next hop's name: ${behaviour}`, {
      survived: `${reason}${after === 0 ? ', at once' : `, after connect_timeout (${after})`}; other links are carried`,
      lost: 0,
      detected,
      grown,
    });
  },
);

test('the resolver answers late, but in time: links are carried', async (context) => {
  const { examined, names, link } = await named(context, 5_000);
  names.behaviour = 'late';
  const { result: took, grown } = await examined.leavesNothing(() =>
    timed(async () => {
      const both = await link();
      await converse(both);
      hangUp(both);
    }),
  );
  expect(took).toBeGreaterThanOrEqual(LATE);
  note(`the resolver answers ${LATE} ms late`, { survived: 'links are carried', lost: 0, detected: null, grown });
});

test.for(['tcp', 'udp'])(
  'the resolver of the HEP destination hangs (%s): the traffic does not wait; nothing is lost',
  async (transport, context) => {
    const lab = await Lab.open(context);
    const { hep } = lab.wires;
    const names = await NameServer.start(lab, { 'homer.example.com': hep.here });
    names.behaviour = 'silent';
    const homer = transport === 'tcp' ? await receiveTcp(undefined, hep.here) : await receiveUdp(hep.here);
    onTestFinished(() => homer.close());
    const dir = mkdtempSync(join(tmpdir(), 'msrptap-spool-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const { examined, link } = await sceneIn(lab, {
      proto_msrp: { trace_on: 1, trace_destination: 'homer' },
      proto_hep: {
        hep_id: [`[homer]homer.example.com:${homer.port};transport=${transport};version=3`],
        hep_spool: { dir },
      },
    });
    const { tap } = examined;
    const both = await link();
    const longest = await converseFor(both, EXCHANGES);
    const expected = 2 + 2 * EXCHANGES;
    await eventually(() => tap.metric('hep_spool_packets')).toBe(expected);
    // Less than the resolver takes to give up.
    expect(longest).toBeLessThan(SLACK);
    expect(homer.packets).toEqual([]);
    names.behaviour = 'answers';
    await eventually(() => homer.packets.length, 40_000).toBe(expected);
    await eventually(() => tap.hepPackets()).toEqual({ sent: expected, dropped: 0, failed: 0, maybe: 0 });
    hangUp(both);
    note(`the resolver of the HEP destination hangs (${transport})`, {
      survived: 'the traffic does not wait; packets wait on disk, and all arrive',
      lost: 0,
      detected: null,
    });
  },
);
