/** What the tests of faults have in common: a msrptap in a network of its own, and what is said over it. */
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, type TestContext } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import { carry, dial, linkThrough, NextHop, type End, type Peer } from '../helpers/endpoint.js';
import { receiveTcp, type Receiver } from '../helpers/hep.js';
import type { Setup } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';
import { Examined } from './holding.js';
import { Lab } from './lab.js';

/** Milliseconds that a loaded machine may add to a timeout. */
export const SLACK = 5_000;

/** Milliseconds between two attempts. */
const AGAIN = 50;

export interface Link {
  readonly client: Peer;
  readonly server: Peer;
}

export type LabSetup = Omit<Setup, 'trace' | 'httpd'>;

export interface LabScene {
  readonly lab: Lab;
  readonly hop: NextHop;
  readonly examined: Examined;
  /** A link through it. */
  readonly link: () => Promise<Link>;
}

/** @param setup laid over what has a msrptap listen and forward in there */
export async function labScene(context: TestContext, setup: (lab: Lab) => LabSetup = () => ({})): Promise<LabScene> {
  const lab = await Lab.open(context);
  return sceneIn(lab, setup(lab));
}

/** @param given default: one of its own */
export async function sceneIn(lab: Lab, setup: LabSetup, given?: NextHop): Promise<LabScene> {
  const { client, control, 'next hop': nextHop } = lab.wires;
  const hop = given ?? (await NextHop.start({ ip: nextHop.here }));
  const listeners = [{ socket: `msrp:${client.there}:0`, upstream: hop.url }];
  const httpd = { ip: control.there, port: 0, token: 'x'.repeat(32) };
  const examined = await Examined.start({ listeners, httpd, ...setup }, { through: lab.through });
  return { lab, hop, examined, link: () => linkThrough(examined.tap.socket, hop) };
}

/** The same, which traces to a Homer at the other end of its wire. */
export async function traced(
  context: TestContext,
  setup: (lab: Lab) => LabSetup = () => ({}),
): Promise<LabScene & { readonly homer: Receiver }> {
  const lab = await Lab.open(context);
  const homer = await receiveTcp(undefined, lab.wires.hep.here);
  onTestFinished(() => homer.close());
  const { proto_msrp, proto_hep, ...others } = setup(lab);
  return {
    homer,
    ...(await sceneIn(lab, {
      proto_msrp: { trace_on: 1, trace_destination: 'homer', ...proto_msrp },
      proto_hep: { hep_id: [`[homer]${lab.wires.hep.here}:${homer.port}`], ...proto_hep },
      ...others,
    })),
  };
}

export function file(chat: Chat, octets: number): Buffer {
  return chat.ask({ type: 'application/octet-stream', body: randomBytes(octets) });
}

/** What arrived has to be the beginning of what was sent. */
export function expectBeginning(arrived: Buffer, sent: Buffer): void {
  expect(sent.subarray(0, arrived.length).equals(arrived), 'arrived unchanged').toBe(true);
}

/** A message each way; and that is the end of it. */
export async function converse({ client, server }: Link): Promise<void> {
  const chat = new Chat();
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
}

export function hangUp(...links: readonly Link[]): void {
  for (const { client, server } of links) {
    client.reset();
    server.reset();
  }
}

/** How a connection ends that is not welcome: perhaps before it is told that it was there. */
export async function endOfDial(socket: Endpoint): Promise<End> {
  try {
    return await (
      await dial(socket)
    ).end;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') return 'rst';
    throw error;
  }
}

/** A link, once the next hop can be reached again: until then clients are reset. */
export async function linkAtLast(socket: Endpoint, hop: NextHop): Promise<Link> {
  const accepted = hop.accept();
  for (;;) {
    const client = await dial(socket).catch(() => null);
    const server = client === null ? null : await Promise.race([accepted, client.end.then(() => null)]);
    if (client !== null && server !== null) return { client, server };
    await pause(AGAIN);
  }
}

/** For what is tested by the time that passes. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Milliseconds that something took. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}
