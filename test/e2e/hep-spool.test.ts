/** Nothing is lost while Homer is away, whatever happens to msrptap meanwhile. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { receiveTcp, type Receiver } from '../helpers/hep.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess } from '../helpers/tap.js';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'msrptap-spool-'));
  // Workers outlive a process that was killed for a moment, and write until then.
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 10 }));
  return path;
}

async function startReceiver(port?: number): Promise<Receiver> {
  const receiver = await receiveTcp(port);
  onTestFinished(() => receiver.close());
  return receiver;
}

/** Exchanges messages over as many links as there are workers, until so many packets are on disk. */
async function talkUntilSpooled(tap: TapProcess, hop: NextHop, links: number, packets: number): Promise<void> {
  const talks: Talk[] = [];
  for (let count = 0; count < links; count += 1) {
    const { client, server } = await linkThrough(tap.socket, hop);
    talks.push(new Talk(client, server, 'hello'));
  }
  await eventually(() => tap.metric('hep_spool_packets')).toBeGreaterThan(packets);
  for (const talk of talks) await talk.stop();
  await eventually(() => tap.metric('hep_queue_bytes')).toBe(0);
  const exchanges = talks.reduce((sum, talk) => sum + talk.exchanges, 0);
  await eventually(() => tap.metric('hep_spool_packets')).toBe(2 * links + 2 * exchanges);
}

/** What tells packets from each other: a request or response with its transaction, or an event with its link and leg. */
function distinct({ packets }: Receiver): number {
  const told = packets.map(({ payload, seconds, microseconds }) => `${seconds}.${microseconds} ${payload.toString()}`);
  return new Set(told).size;
}

for (const workers of [1, 2]) {
  test(`Homer down, kill -9, restart, Homer up: all there, none twice (workers: ${workers})`, async () => {
    const gone = await startReceiver();
    await gone.close();
    const hop = await NextHop.start();
    const dir = folder();
    const setup = { upstream: hop.url, trace: gone, proto_hep: { hep_spool: { dir } }, workers };
    const first = await TapProcess.start(setup);
    await talkUntilSpooled(first, hop, workers, 300);
    const spooled = await first.metric('hep_spool_packets');
    first.signal('SIGKILL');
    await first.exited;

    const second = await TapProcess.start({ ...setup, workers: 1 });
    await eventually(() => second.metric('hep_spool_packets')).toBe(spooled);
    const homer = await startReceiver(gone.port);
    await homer.received(spooled);
    await eventually(() => second.metric('hep_spool_packets')).toBe(0);
    expect(await second.hepPackets()).toEqual({ sent: spooled, dropped: 0, failed: 0, maybe: 0 });
    expect(homer.packets).toHaveLength(spooled);
    expect(distinct(homer)).toBe(spooled);
    second.signal('SIGTERM');
    await second.exited;
    expect(readdirSync(dir)).toEqual([]);
  });
}

test('a worker that is killed leaves its packets to its successor', async () => {
  const gone = await startReceiver();
  await gone.close();
  const hop = await NextHop.start();
  const proto_hep = { hep_spool: { dir: folder() } };
  const tap = await TapProcess.start({ upstream: hop.url, trace: gone, proto_hep, workers: 2 });
  await talkUntilSpooled(tap, hop, 2, 300);
  const spooled = await tap.metric('hep_spool_packets');
  for (const pid of tap.workers()) process.kill(pid, 'SIGKILL');
  await eventually(() => tap.metric('worker_restarts_total')).toBe(2);
  await eventually(() => tap.metric('hep_spool_packets')).toBe(spooled);
  const homer = await startReceiver(gone.port);
  await homer.received(spooled);
  expect(distinct(homer)).toBe(spooled);
});

test('tracing that is switched off sends nothing of it, and all of it when it is on again', async () => {
  const gone = await startReceiver();
  await gone.close();
  const hop = await NextHop.start();
  const proto_hep = { hep_spool: { dir: folder() } };
  const tap = await TapProcess.start({ upstream: hop.url, trace: gone, proto_hep });
  await talkUntilSpooled(tap, hop, 1, 50);
  const spooled = await tap.metric('hep_spool_packets');
  await tap.mi('msrp_trace', 'off');
  const homer = await startReceiver(gone.port);
  await eventually(() => tap.metric('hep_connected')).toBe(1);
  expect(await tap.metric('hep_spool_packets')).toBe(spooled);
  expect((await tap.hepPackets()).sent).toBe(0);
  await tap.mi('msrp_trace', 'on');
  await homer.received(spooled);
  expect(distinct(homer)).toBe(spooled);
});
