/** Two entries in a file: what was written last and is whole counts. */
import { expect, test } from 'vitest';
import { encodeEntry, latestEntry } from '#src/hep/spool-position.js';

const SECTOR = 512;
const at = (offset: number) => ({ segment: 3, offset, claimed: 0 });

/** @param writes of the entries, whose offsets are 100 and 200 */
function file(...writes: [number, number]): Buffer {
  const bytes = Buffer.alloc(2 * SECTOR);
  for (const [place, count] of writes.entries()) {
    encodeEntry({ writes: count, position: at((place + 1) * 100) }).copy(bytes, place * SECTOR);
  }
  return bytes;
}

test.each([
  [[4, 3], 100],
  [[4, 5], 200],
  // The count began anew.
  [[0, 0xffff_ffff], 100],
] as const)('the later one, of %j', ([one, other], offset) => {
  expect(latestEntry(file(one, other)).position).toEqual(at(offset));
});

test('the one before when the last is torn, and the start when both are, or nothing is there', () => {
  const bytes = file(4, 5);
  bytes.writeUInt8(bytes.readUInt8(SECTOR + 8) ^ 1, SECTOR + 8);
  expect(latestEntry(bytes).position).toEqual(at(100));
  expect(latestEntry(file(4, 5).subarray(0, SECTOR + 19)).position).toEqual(at(100));
  bytes.writeUInt8(bytes.readUInt8(8) ^ 1, 8);
  for (const nothing of [bytes, Buffer.alloc(0), Buffer.alloc(2 * SECTOR)]) {
    expect(latestEntry(nothing)).toEqual({ writes: 0, position: { segment: 0, offset: 0, claimed: 0 } });
  }
});
