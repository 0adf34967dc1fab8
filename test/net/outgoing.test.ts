/** Whoever writes may use the bytes again when the write returns, however slowly they are taken. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Outgoing } from '#src/net/outgoing.js';

const SOCKETS = 3;

interface Wire {
  readonly writer: Socket;
  readonly reader: Socket;
}

async function wires(): Promise<Wire[]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const all: Wire[] = [];
  for (let i = 0; i < SOCKETS; i += 1) {
    const connection = once(server, 'connection');
    const writer = connect({ port, host: '127.0.0.1' });
    const [reader] = (await connection) as [Socket];
    onTestFinished(() => {
      writer.destroy();
      reader.destroy();
    });
    all.push({ writer, reader });
  }
  return all;
}

/** The octets that come next: no more are on their way. */
function read(reader: Socket, octets: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let length = 0;
    const take = (part: Buffer): void => {
      parts.push(part);
      length += part.length;
      if (length < octets) return;
      reader.off('data', take).pause();
      resolve(Buffer.concat(parts));
    };
    reader.on('data', take).resume();
  });
}

/** Octets by which a lost, doubled or overwritten place would be told. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (seed * 31 + i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

const lengths = fc.oneof(
  fc.constantFrom(1, 200, 65_535, 65_536, 65_537),
  fc.integer({ min: 1, max: 65_536 }),
  fc.integer({ min: 1, max: 100_000 }),
);
const writes = fc.array(fc.record({ socket: fc.nat(SOCKETS - 1), length: lengths }), {
  minLength: 1,
  maxLength: 400,
  size: 'max',
});

/** Whatever else comes: more than any kernel holds for a reader that has taken nothing. */
const MUCH = Array.from({ length: 600 }, () => ({ socket: 0, length: 65_537 }));

test('any writes to any sockets whose readers take nothing meanwhile', async () => {
  const all = await wires();
  const outgoing = new Outgoing();
  let hasWaited = false;
  await fc.assert(
    fc.asyncProperty(writes, async (plan) => {
      const sent = all.map((): Buffer[] => []);
      for (const [seed, { socket, length }] of plan.entries()) {
        const bytes = pattern(length, seed);
        sent[socket]?.push(Buffer.from(bytes));
        outgoing.write(all[socket]!.writer, bytes);
        bytes.fill(0);
      }
      hasWaited ||= all.some(({ writer }) => writer.writableLength > 0);
      for (const [index, { reader }] of all.entries()) {
        const wanted = Buffer.concat(sent[index] ?? []);
        if (wanted.length > 0) expect((await read(reader, wanted.length)).equals(wanted)).toBe(true);
      }
    }),
    { numRuns: 15, endOnFailure: true, examples: [[MUCH]] },
  );
  expect(hasWaited, 'the kernel took everything at once').toBe(true);
});

test('the place of a write that is not taken is not used again', async () => {
  const [slow, quick] = await wires();
  if (slow === undefined || quick === undefined) throw new Error('no wires');
  const outgoing = new Outgoing();
  // Taken in part: what the kernel has room for is no multiple of this.
  const block = pattern(50_001, 1);
  let blocks = 0;
  for (; slow.writer.writableLength === 0; blocks += 1) outgoing.write(slow.writer, block);
  const other = pattern(65_536, 2);
  for (let i = 0; i < 3; i += 1) {
    outgoing.write(quick.writer, other);
    expect((await read(quick.reader, other.length)).equals(other)).toBe(true);
  }
  const wanted = Buffer.concat(Array.from({ length: blocks }, () => block));
  expect((await read(slow.reader, wanted.length)).equals(wanted)).toBe(true);
});

test('a slow reader holds one place at most, whatever is written for it', async () => {
  const [slow, quick] = await wires();
  if (slow === undefined || quick === undefined) throw new Error('no wires');
  const outgoing = new Outgoing();
  const block = Buffer.alloc(65_536, 1);
  const write = vi.spyOn(slow.writer, 'write');
  while (slow.writer.writableLength === 0) outgoing.write(slow.writer, block);
  write.mockClear();
  // Each time with what would take the rest of a slab in between.
  for (let i = 0; i < 100; i += 1) {
    outgoing.write(slow.writer, Buffer.from([1]));
    outgoing.write(quick.writer, block);
    await read(quick.reader, block.length);
  }
  const held = new Set(write.mock.calls.map(([bytes]) => (bytes as Buffer).buffer));
  expect([...held].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(100);
});
