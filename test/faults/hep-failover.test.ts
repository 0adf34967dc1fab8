/** hep_policy: failover with hep_spool: two receivers, of which each is away in turn, then both. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { receiveTcp, type Receiver } from '../helpers/hep.js';
import { Talk } from '../helpers/talk.js';
import { note, recordAtEnd } from './figures.js';
import { Examined } from './holding.js';
import { hangUp, type Link } from './scene.js';

/** Packets. */
const FEW = 200;
/** Milliseconds for reconnects that have been put off, on a busy machine. */
const SOON = 40_000;

recordAtEnd();

async function receiver(port?: number): Promise<Receiver> {
  const started = await receiveTcp(port);
  onTestFinished(() => started.close());
  return started;
}

for (const workers of [1, 2]) {
  test(`failover with a spool: the first receiver dies, comes back, both die: all there, none twice (workers: ${workers})`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'msrptap-spool-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const receivers = [await receiver(), await receiver()];
    const [first, second] = receivers.map(({ port }) => port);
    const hop = await NextHop.start();
    const examined = await Examined.start({
      upstream: hop.url,
      workers,
      proto_msrp: { trace_on: 1, trace_destination: ['first', 'second'] },
      proto_hep: {
        hep_id: [`[first]127.0.0.1:${first}`, `[second]127.0.0.1:${second}`],
        hep_policy: 'failover',
        hep_spool: { dir },
      },
    });
    const { tap } = examined;
    let sent = 0;
    const received = (): number => receivers.reduce((sum, { packets }) => sum + packets.length, 0);
    const latest = (port: number | undefined): Receiver =>
      receivers.findLast((each) => each.port === port) ?? expect.unreachable();

    /** As many links as workers; nothing is under way when it is over. */
    const talkUntil = async (isEnough: () => boolean | Promise<boolean>): Promise<void> => {
      const links: Link[] = [];
      for (let i = 0; i < workers; i += 1) links.push(await linkThrough(tap.socket, hop));
      const talks = links.map(({ client, server }) => new Talk(client, server, 'hello'));
      await eventually(isEnough, SOON).toBe(true);
      for (const talk of talks) await talk.stop();
      hangUp(...links);
      await eventually(() => tap.metric('connections')).toBe(0);
      // ACCEPTED, CONNECTED, and CLOSED of both.
      sent += 4 * workers + 2 * talks.reduce((sum, { exchanges }) => sum + exchanges, 0);
      await eventually(() => tap.metric('hep_queue_bytes')).toBe(0);
    };
    const isConnected = (destination: string): Promise<number> => tap.metric('hep_connected', { destination });
    const dies = async (destination: string, port: number | undefined): Promise<void> => {
      await latest(port).close();
      await eventually(() => isConnected(destination)).toBe(0);
    };
    const comesBack = async (destination: string, port: number | undefined): Promise<void> => {
      receivers.push(await receiver(port));
      await eventually(() => isConnected(destination), SOON).toBe(1);
    };

    const { grown } = await examined.leavesNothing(async () => {
      await eventually(() => isConnected('first'), SOON).toBe(1);
      await eventually(() => isConnected('second'), SOON).toBe(1);
      const inFirst = latest(first).packets.length;
      await talkUntil(() => latest(first).packets.length > inFirst + FEW);
      await eventually(received).toBe(sent);

      await dies('first', first);
      const inSecond = latest(second).packets.length;
      await talkUntil(() => latest(second).packets.length > inSecond + FEW);
      await eventually(received).toBe(sent);

      await dies('second', second);
      await talkUntil(async () => (await tap.metric('hep_spool_packets')) > FEW);
      await comesBack('first', first);
      await eventually(received, SOON).toBe(sent);
      await eventually(() => tap.metric('hep_spool_packets')).toBe(0);
      await comesBack('second', second);
    });
    const all = receivers.flatMap(({ packets }) => packets);
    // A message by its text and time, an event by its link and leg.
    const told = all.map(({ payload, seconds, microseconds }) => `${seconds}.${microseconds} ${payload.toString()}`);
    expect(new Set(told).size).toBe(sent);
    expect(await tap.hepPackets()).toMatchObject({ sent, dropped: 0, failed: 0 });
    note(`failover with a spool: each receiver is away, then both (workers: ${workers})`, {
      survived: `${sent.toLocaleString('en-US')} packets: all there, none twice`,
      lost: 0,
      detected: null,
      grown,
    });
  });
}
