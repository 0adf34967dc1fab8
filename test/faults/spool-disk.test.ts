/** Disks under hep_spool that are full, or take nothing any more, while the destination is away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, type TestContext } from 'vitest';
import { eventually } from '../helpers/eventually.js';
import { receiveTcp, type Receiver } from '../helpers/hep.js';
import { Talk } from '../helpers/talk.js';
import { note, recordAtEnd } from './figures.js';
import { Lab } from './lab.js';
import { hangUp, sceneIn, SLACK, type LabScene } from './scene.js';

const MIB = 1_048_576;
const QUEUE = MIB / 4;
/** Milliseconds for what a busy machine does slowly. */
const SOON = 40_000;
/** A segment is an eighth of it. */
const SPOOL = 16 * MIB;
const DISK = '512k';
/** Messages by which it is full soon, and by which it is not. */
const LONG = 'x'.repeat(10_000);
const SHORT = 'hello';
/** Octets that may be on their way from the queue to the disk. */
const WRITING = 64 * 1_024;
/** Of a link: ACCEPTED, CONNECTED, and CLOSED of both. */
const EVENTS = 4;

recordAtEnd();

interface SpoolScene extends LabScene {
  readonly dir: string;
  /** Homer comes back. */
  readonly homer: () => Promise<Receiver>;
}

/** Homer is not there, and what is for him goes to a small disk (tmpfs). */
async function spooling(context: TestContext, hep_queue_bytes = 16 * MIB): Promise<SpoolScene> {
  const lab = await Lab.open(context);
  const parent = mkdtempSync(join(tmpdir(), 'msrptap-spool-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  await lab.run('mount', '-t', 'tmpfs', '-o', `size=${DISK}`, 'none', parent);
  const dir = join(parent, 'spool');
  const gone = await receiveTcp(undefined, lab.wires.hep.here);
  await gone.close();
  const scene = await sceneIn(lab, {
    proto_msrp: { trace_on: 1, trace_destination: 'homer' },
    proto_hep: {
      hep_id: [`[homer]${lab.wires.hep.here}:${gone.port}`],
      hep_queue_bytes,
      hep_spool: { dir, max_bytes: SPOOL },
    },
  });
  const homer = async (): Promise<Receiver> => {
    const receiver = await receiveTcp(gone.port, lab.wires.hep.here);
    onTestFinished(() => receiver.close());
    return receiver;
  };
  return { ...scene, dir, homer };
}

/** Until something is so; nothing of the traffic waits. @returns the exchanges */
async function talkUntil(
  { link, examined: { tap } }: LabScene,
  body: string,
  isSo: () => Promise<boolean>,
): Promise<number> {
  const both = await link();
  const talk = new Talk(both.client, both.server, body);
  await eventually(isSo, SOON).toBe(true);
  await talk.stop();
  expect(talk.longest).toBeLessThan(SLACK);
  hangUp(both);
  await eventually(() => tap.metric('connections')).toBe(0);
  return talk.exchanges;
}

/** Once Homer has got all that waits: exactly what was sent to him since, each packet once. */
async function gets(homer: Receiver, { examined: { tap } }: SpoolScene, sentBefore: number): Promise<number> {
  // In this order: what waits in memory may have to go over the disk.
  await eventually(() => tap.metric('hep_queue_bytes'), SOON).toBe(0);
  await eventually(() => tap.metric('hep_spool_packets'), SOON).toBe(0);
  let sent = 0;
  await eventually(async () => {
    sent = (await tap.hepPackets()).sent - sentBefore;
    return sent - homer.packets.length;
  }, SOON).toBe(0);
  const told = homer.packets.map((packet) => `${packet.seconds}.${packet.microseconds} ${packet.payload.toString()}`);
  expect(new Set(told).size).toBe(sent);
  await homer.close();
  await eventually(() => tap.metric('hep_connected')).toBe(0);
  return sent;
}

function errorsOf({ examined: { tap } }: SpoolScene): readonly string[] {
  return tap.log.filter(({ msg }) => msg === 'HEP spool fails').map(({ error }) => String(error));
}

test('a full disk under the spool: it is said and counted; what fits on it and in the queue arrives, once', async (context) => {
  const scene = await spooling(context, QUEUE);
  const { examined } = scene;
  const { tap } = examined;
  const { grown } = await examined.leavesNothing(async () => {
    const before = await tap.hepPackets();
    const errors = await tap.metric('hep_spool_errors_total');
    const droppedSince = async (): Promise<number> => (await tap.hepPackets()).dropped - before.dropped;
    const isFull = async (): Promise<boolean> => (await tap.metric('hep_spool_errors_total')) > errors;
    const exchanges = await talkUntil(scene, LONG, async () => (await isFull()) && (await droppedSince()) > 0);
    expect(await tap.metric('hep_queue_bytes')).toBeLessThanOrEqual(QUEUE + WRITING);
    const sent = await gets(await scene.homer(), scene, before.sent);
    expect(sent + (await droppedSince())).toBe(EVENTS + 2 * exchanges);
  });
  expect(errorsOf(scene)).toContainEqual(expect.stringContaining('ENOSPC'));
  expect(await tap.metric('hep_spool_errors_total')).toBeGreaterThan(0);
  expect(tap.logged('HEP spool works again')).toBeGreaterThan(0);
  expect((await tap.hepPackets()).failed).toBe(0);
  note('a full disk under the spool (ENOSPC)', {
    survived: 'the traffic does not wait; what was on disk and in the queue arrives once, the rest is counted',
    lost: 0,
    detected: null,
    grown,
  });
});

interface Trouble {
  readonly name: string;
  readonly code: string;
  readonly begin: (scene: SpoolScene) => Promise<unknown>;
  readonly end: (scene: SpoolScene) => Promise<unknown>;
}

test.for<Trouble>([
  {
    name: 'is read-only for a while (EROFS)',
    code: 'EROFS',
    begin: ({ lab, dir }) =>
      lab.run('sh', '-ec', 'mount --bind "$0" "$0"; mount -o remount,ro,bind "$0"', join(dir, 'homer@1')),
    end: ({ lab, dir }) => lab.run('umount', '--lazy', join(dir, 'homer@1')),
  },
  {
    name: 'is moved away for a while (ENOENT)',
    code: 'ENOENT',
    begin: ({ lab, dir }) => lab.run('mv', dir, `${dir}.away`),
    end: ({ lab, dir }) => lab.run('mv', `${dir}.away`, dir),
  },
])(
  'the folder of the spool $name: it is said and counted, and all arrives',
  async ({ name, code, begin, end }, context) => {
    const scene = await spooling(context);
    const { examined } = scene;
    const { tap } = examined;
    const { grown } = await examined.leavesNothing(async () => {
      const before = await tap.hepPackets();
      const errors = await tap.metric('hep_spool_errors_total');
      let exchanges = await talkUntil(scene, SHORT, async () => (await tap.metric('hep_spool_packets')) > 10);
      await begin(scene);
      const homer = await scene.homer();
      // What is on disk cannot be read, or not removed; what comes after it waits for it.
      await eventually(() => tap.metric('hep_spool_errors_total')).toBeGreaterThan(errors);
      exchanges += await talkUntil(scene, SHORT, async () => (await tap.metric('hep_queue_bytes')) > 2_000);
      await end(scene);
      expect(await gets(homer, scene, before.sent)).toBe(2 * EVENTS + 2 * exchanges);
    });
    expect(await tap.hepPackets()).toMatchObject({ dropped: 0, failed: 0 });
    expect(errorsOf(scene)).toContainEqual(expect.stringContaining(code));
    note(`the folder of the spool ${name}`, {
      survived: 'the traffic does not wait; all packets arrive, once',
      lost: 0,
      detected: null,
      grown,
    });
  },
);
