import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_BYTES, PacketQueue, type Batch } from '#src/hep/queue.js';

/** A packet of `length` octets that carries a number. */
function packet(number: number, length = 20): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write('HEP3', 'latin1');
  bytes.writeUInt16BE(length, 4);
  bytes.writeUInt32BE(number, 6);
  return bytes;
}

function batch(...packets: Buffer[]): Batch {
  return { bytes: Buffer.concat(packets), packets: packets.length };
}

function numbersIn({ bytes, packets }: Batch): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt16BE(at + 4)) numbers.push(bytes.readUInt32BE(at + 6));
  expect(numbers).toHaveLength(packets);
  return numbers;
}

function takeAll(queue: PacketQueue, limit: number): number[] {
  const numbers: number[] = [];
  for (let taken = queue.take(limit); taken !== null; taken = queue.take(limit)) numbers.push(...numbersIn(taken));
  return numbers;
}

describe('PacketQueue', () => {
  test('gives back in order, whole packets only, as many as the limit holds', () => {
    const queue = new PacketQueue(1000);
    expect(queue.push(batch(packet(1), packet(2, 30), packet(3)))).toBe(0);
    expect([queue.bytes, queue.packets]).toEqual([70, 3]);
    expect(numbersIn(queue.take(50) ?? batch())).toEqual([1, 2]);
    expect([queue.bytes, queue.packets]).toEqual([20, 1]);
    queue.push(batch(packet(4)));
    expect(takeAll(queue, 1000)).toEqual([3, 4]);
    expect([queue.bytes, queue.packets]).toEqual([0, 0]);
  });

  test('gives a packet that is over the limit of a take, alone', () => {
    const queue = new PacketQueue(1000);
    queue.push(batch(packet(1, 500), packet(2)));
    expect(numbersIn(queue.take(10) ?? batch())).toEqual([1]);
  });

  test('when it is full refuses the newest', () => {
    const queue = new PacketQueue(100);
    expect(queue.push(batch(packet(1, 40), packet(2, 40), packet(3, 40), packet(4, 40)))).toBe(2);
    expect(queue.push(batch(packet(5)))).toBe(0);
    expect(queue.push(batch(packet(6, 6 + 4)))).toBe(1);
    expect(takeAll(queue, 1000)).toEqual([1, 2, 5]);
    expect(queue.push(batch(packet(7, 100)))).toBe(0);
    expect(queue.push(batch(packet(8, 101)))).toBe(1);
  });

  test('copies: what it was given may be overwritten', () => {
    const queue = new PacketQueue(1000);
    const given = batch(packet(1), packet(2));
    queue.push(given);
    given.bytes.fill(0xff);
    expect(takeAll(queue, 1000)).toEqual([1, 2]);
  });

  test('what was taken stays as it is while more is put in', () => {
    const queue = new PacketQueue(1000);
    queue.push(batch(packet(1), packet(2)));
    const taken = queue.take(20) ?? batch();
    for (let number = 3; number < 20; number += 1) queue.push(batch(packet(number)));
    expect(numbersIn(taken)).toEqual([1]);
  });

  test('clear gives up everything, and there is room again', () => {
    const queue = new PacketQueue(100);
    queue.push(batch(packet(1, 50), packet(2, 50)));
    expect(queue.clear()).toBe(2);
    expect([queue.bytes, queue.packets, queue.take(1000)]).toEqual([0, 0, null]);
    expect(queue.push(batch(packet(3, 100)))).toBe(0);
  });

  test('small packets that came in large buffers do not retain them', () => {
    const queue = new PacketQueue(4 * BLOCK_BYTES);
    for (let number = 0; number < 1000; number += 1) {
      queue.push({ bytes: Buffer.concat([packet(number), Buffer.alloc(60_000)]).subarray(0, 20), packets: 1 });
    }
    expect(queue.bytes).toBe(20_000);
    const retained = new Set<ArrayBufferLike>();
    for (let taken = queue.take(100); taken !== null; taken = queue.take(100)) retained.add(taken.bytes.buffer);
    expect([...retained].map(({ byteLength }) => byteLength)).toEqual([BLOCK_BYTES]);
  });

  test('never holds more memory than its limit, loses nothing it accepted, keeps the order', () => {
    const action = fc.oneof(
      fc.array(fc.oneof(fc.integer({ min: 10, max: 300 }), fc.integer({ min: 10, max: 65_507 })), { maxLength: 5 }),
      fc.integer({ min: 1, max: 100_000 }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 300_000 }), fc.array(action, { maxLength: 60 }), (limit, actions) => {
        const queue = new PacketQueue(limit);
        let [number, refused] = [0, 0];
        const taken: number[] = [];
        for (const step of actions) {
          if (typeof step === 'number') {
            const part = queue.take(step);
            if (part !== null) taken.push(...numbersIn(part));
          } else {
            refused += queue.push(batch(...step.map((length) => packet((number += 1), length))));
          }
          expect(queue.bytes).toBeLessThanOrEqual(limit);
          expect(taken.length + queue.packets + refused).toBe(number);
        }
        const memory = new Set<ArrayBufferLike>();
        for (let part = queue.take(1); part !== null; part = queue.take(1)) {
          memory.add(part.bytes.buffer);
          taken.push(...numbersIn(part));
        }
        expect([...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(limit);
        expect(taken).toEqual(taken.toSorted((a, b) => a - b));
        expect(taken).toHaveLength(number - refused);
        expect(queue.bytes).toBe(0);
      }),
    );
  });
});
