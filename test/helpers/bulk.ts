/** Large messages: one chunk of any size is sent, received and compared by its hash, without being held anywhere. */
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import type { Peer } from './peer.js';
import { memoryOf } from './tap.js';
import { Chat } from './wire.js';

export const MEGABYTE = 1_000_000;

export interface Sent {
  readonly octets: number;
  readonly hash: string;
}

/** Sends one chunk with a body of `octets` octets, no two blocks of it alike, as fast as it is taken. */
export async function sendChunk(
  chat: Chat,
  octets: number,
  from: Peer,
  type = 'application/octet-stream',
): Promise<Sent> {
  const hash = createHash('sha256');
  let sent = 0;
  const write = async (bytes: Buffer): Promise<void> => {
    hash.update(bytes);
    sent += bytes.length;
    if (!from.socket.write(bytes)) await once(from.socket, 'drain');
  };
  const { head, end } = chat.open(type);
  const pattern = randomBytes(MEGABYTE);
  await write(head);
  for (let left = octets, block = 0; left > 0; left -= MEGABYTE, block += 1) {
    // A block of its own each time: what was written before may still be on its way.
    const bytes = Buffer.from(pattern.subarray(0, Math.min(left, MEGABYTE)));
    if (bytes.length >= 4) bytes.writeUInt32BE(block);
    await write(bytes);
  }
  await write(end);
  return { octets: sent, hash: hash.digest('hex') };
}

/** Hashes the next `octets` octets. */
export async function receiveHash(octets: number, to: Peer): Promise<string> {
  const hash = createHash('sha256');
  await to.each(octets, (bytes) => hash.update(bytes));
  return hash.digest('hex');
}

/** How many octets a chunk of {@link sendChunk} has in all. */
export function chunkOctets(chat: Chat, octets: number, type = 'application/octet-stream'): number {
  const { head, end } = chat.open(type);
  return head.length + octets + end.length;
}

/** Carries one chunk; its hash at the far end has to be that of what was sent. */
export async function transfer(octets: number, { client, server }: { client: Peer; server: Peer }): Promise<void> {
  const chat = new Chat();
  const [received, { hash }] = await Promise.all([
    receiveHash(chunkOctets(chat, octets), server),
    sendChunk(chat, octets, client),
  ]);
  expect(received).toBe(hash);
}

/** Resident memory of a process while something happens, in MiB: before it, and the most there was in it. */
export async function grown<T>(
  memory: () => { now: number; most: number },
  work: () => Promise<T>,
): Promise<{ by: number; result: T }> {
  const before = memory().now;
  const result = await work();
  return { by: memory().most - before, result };
}

/** A plain pipe to `port`, in a process of its own. */
export async function startPipe(
  port: number,
): Promise<{ socket: Endpoint; pid: number; memory: () => { now: number; most: number } }> {
  const child = fork(new URL('pipe.mjs', import.meta.url), [String(port)], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [bound] = (await once(child, 'message')) as [number];
  const { pid = 0 } = child;
  return { socket: { ip: '127.0.0.1', port: bound }, pid, memory: () => memoryOf(pid) };
}
