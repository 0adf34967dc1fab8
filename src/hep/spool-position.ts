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
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
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
  async write({ segment, offset, claimed }: Position): Promise<void> {
    this.#writes += 1;
    const entry = Buffer.alloc(ENTRY_BYTES);
    for (const [index, value] of [this.#writes, segment, offset, claimed].entries()) {
      entry.writeUInt32BE(value, index * 4);
    }
    entry.writeUInt32BE(crc32(entry.subarray(0, CRC_AT)), CRC_AT);
    await this.#handle.write(entry, 0, ENTRY_BYTES, (this.#writes % PLACES) * PLACE_BYTES);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #read(): Promise<Position> {
    let position = START;
    for (let place = 0; place < PLACES; place += 1) {
      const entry = Buffer.alloc(ENTRY_BYTES);
      const { bytesRead } = await this.#handle.read(entry, 0, ENTRY_BYTES, place * PLACE_BYTES);
      if (bytesRead < ENTRY_BYTES || crc32(entry.subarray(0, CRC_AT)) !== entry.readUInt32BE(CRC_AT)) continue;
      const writes = entry.readUInt32BE(0);
      if (writes <= this.#writes) continue;
      this.#writes = writes;
      position = { segment: entry.readUInt32BE(4), offset: entry.readUInt32BE(8), claimed: entry.readUInt32BE(12) };
    }
    return position;
  }
}
