import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** How far a folder of the spool has been sent. */
export interface Position {
  /** The number of the segment; those with smaller ones are done with. */
  readonly segment: number;
  /** Octets of it that are done with. */
  readonly offset: number;
  /** Packets before the offset that were just about to be sent: after a crash nobody knows whether they were. */
  readonly claimed: number;
}

const START: Position = { segment: 0, offset: 0, claimed: 0 };

/** Five uint32: a count of the writes, segment, offset, claimed, and the CRC-32 of those. */
const ENTRY_BYTES = 20;
const CRC_AT = 16;

/** Entries are written in two places by turns, a disk sector apart: a torn one leaves the one before. */
const PLACES = 2;
const PLACE_BYTES = 512;

/** The file that keeps a position. */
export class PositionFile {
  readonly #handle: FileHandle;
  #writes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** @throws what the disk fails with */
  static async open(path: string): Promise<{ readonly file: PositionFile; readonly position: Position }> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      const file = new PositionFile(handle);
      const position = await file.#read();
      // Both places get their room on the disk now: when it is full, what is on it can still be sent.
      for (let place = 0; place < PLACES; place += 1) await file.write({ ...position, claimed: 0 });
      return { file, position };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @throws what the disk fails with */
  async write(position: Position): Promise<void> {
    this.#writes = (this.#writes + 1) >>> 0;
    const entry = encodeEntry({ writes: this.#writes, position });
    await this.#handle.write(entry, 0, ENTRY_BYTES, (this.#writes % PLACES) * PLACE_BYTES);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #read(): Promise<Position> {
    const bytes = Buffer.alloc(PLACES * PLACE_BYTES);
    const { bytesRead } = await this.#handle.read(bytes, 0, bytes.length, 0);
    const { writes, position } = latestEntry(bytes.subarray(0, bytesRead));
    this.#writes = writes;
    return position;
  }
}

interface Entry {
  readonly writes: number;
  readonly position: Position;
}

/** The later one of the entries that are whole; the start when there is none. @param bytes of the file, or of what is left of it */
export function latestEntry(bytes: Buffer): Entry {
  let latest: Entry | null = null;
  for (let place = 0; place < PLACES; place += 1) {
    const entry = entryAt(bytes, place * PLACE_BYTES);
    // The count begins anew some day: the later one is ahead of the other by less than half of all numbers.
    if (entry !== null && (latest === null || ((entry.writes - latest.writes) | 0) > 0)) latest = entry;
  }
  return latest ?? { writes: 0, position: START };
}

export function encodeEntry({ writes, position: { segment, offset, claimed } }: Entry): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  for (const [index, value] of [writes, segment, offset, claimed].entries()) entry.writeUInt32BE(value, index * 4);
  entry.writeUInt32BE(crc32(entry.subarray(0, CRC_AT)), CRC_AT);
  return entry;
}

function entryAt(bytes: Buffer, at: number): Entry | null {
  if (bytes.length < at + ENTRY_BYTES || crc32(bytes.subarray(at, at + CRC_AT)) !== bytes.readUInt32BE(at + CRC_AT)) {
    return null;
  }
  const field = (index: number): number => bytes.readUInt32BE(at + index * 4);
  return { writes: field(0), position: { segment: field(1), offset: field(2), claimed: field(3) } };
}
