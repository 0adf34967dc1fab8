import { announcedLength } from './format.js';

/** Whole packets, one behind the other. They tell their own lengths. */
export interface Batch {
  readonly bytes: Buffer;
  readonly packets: number;
}

/** The most that one block of a queue holds; a packet of any size fits in. */
export const BLOCK_BYTES = 64 * 1024;

/** Memory of its own, filled from the front and emptied from the front. */
interface Block {
  readonly memory: Buffer;
  start: number;
  end: number;
  packets: number;
}

/**
 * Packets that wait for a destination, first in, first out. They are copied into blocks, so that a waiting packet
 * retains its own bytes and not the buffer that it came in; the memory of all blocks never exceeds the limit.
 */
export class PacketQueue {
  #limit: number;
  readonly #blocks: Block[] = [];
  #reserved = 0;
  #bytes = 0;
  #packets = 0;

  /** @param limit bytes of memory */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Of those that wait already, none goes. */
  set limit(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get packets(): number {
    return this.#packets;
  }

  /** Takes what fits, the oldest first; returns how many packets found no room. */
  push({ bytes }: Batch): number {
    let refused = 0;
    for (let at = 0, end = 0; at < bytes.length; at = end) {
      end = at + announcedLength(bytes, at);
      if (!this.#append(bytes, at, end)) refused += 1;
    }
    return refused;
  }

  #append(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    const block = this.#blockFor(length);
    if (block === null) return false;
    block.end += bytes.copy(block.memory, block.end, start, end);
    block.packets += 1;
    this.#bytes += length;
    this.#packets += 1;
    return true;
  }

  #blockFor(length: number): Block | null {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.memory.length - last.end >= length) return last;
    const size = Math.min(BLOCK_BYTES, this.#limit - this.#reserved);
    if (size < length) return null;
    // Not of the shared pool, which would retain more than is counted here.
    const block = { memory: Buffer.allocUnsafeSlow(size), start: 0, end: 0, packets: 0 };
    this.#blocks.push(block);
    this.#reserved += size;
    return block;
  }

  /** The oldest packets: as many as `limit` bytes hold, but at least one and at most a block; null when nothing waits. */
  take(limit: number): Batch | null {
    const block = this.#blocks[0];
    if (block === undefined) return null;
    const batch = takeFrom(block, limit);
    this.#bytes -= batch.bytes.length;
    this.#packets -= batch.packets;
    if (block.packets === 0) {
      this.#blocks.shift();
      this.#reserved -= block.memory.length;
    }
    return batch;
  }

  /** Returns how many packets waited. */
  clear(): number {
    const waited = this.#packets;
    this.#blocks.length = 0;
    this.#reserved = 0;
    this.#bytes = 0;
    this.#packets = 0;
    return waited;
  }
}

function takeFrom(block: Block, limit: number): Batch {
  const { memory, start } = block;
  let at = start + announcedLength(memory, start);
  let packets = 1;
  while (at < block.end) {
    const next = at + announcedLength(memory, at);
    if (next - start > limit) break;
    at = next;
    packets += 1;
  }
  block.start = at;
  block.packets -= packets;
  return { bytes: memory.subarray(start, at), packets };
}
