import { mkdir, open, readdir, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch } from './queue.js';
import { lockFolder } from './spool-lock.js';
import { PositionFile, type Position } from './spool-position.js';
import { encodeRecords, MAX_RECORD_BYTES, scanRecords, type Scanned } from './spool-record.js';

/** Read at once, and sent in one turn of the event loop. A record of any size fits in. */
const WINDOW_BYTES = Math.max(128 * 1024, MAX_RECORD_BYTES);

const SEGMENT = /^(?<number>\d{10})\.hep$/;

interface Segment {
  readonly number: number;
  /** Octets of whole records, and of torn ones that were found there. */
  size: number;
  /** Still to be sent. */
  packets: number;
}

interface Peeked {
  readonly batch: Batch;
  /** Where the position is after it. */
  readonly offset: number;
}

/**
 * Packets on disk, first in, first out: segments, which are files of records with numbers that grow, and how far they
 * have been sent. One call at a time. All methods throw what the disk fails with, and lose nothing then.
 */
export class SpoolFolder {
  readonly #path: string;
  readonly #positionFile: PositionFile;
  readonly #segments: Segment[] = [];
  /** Of the first segment: octets that have been sent. */
  #offset = 0;
  #peeked: Peeked | null = null;
  /** The last segment, while it is written to. */
  #writing: FileHandle | null = null;
  #lastNumber = 0;
  #torn = 0;
  /** Packets that an earlier run was just about to send. */
  #maybe = 0;

  private constructor(path: string, positionFile: PositionFile) {
    this.#path = path;
    this.#positionFile = positionFile;
  }

  /**
   * Counts what an earlier run left.
   * @throws MsrptapError spool_in_use
   */
  static async open(path: string): Promise<SpoolFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const lock = join(path, 'lock');
    await lockFolder(lock);
    try {
      const { file, position } = await PositionFile.open(join(path, 'position'));
      const folder = new SpoolFolder(path, file);
      try {
        await folder.#load(position);
      } catch (error) {
        await file.close();
        throw error;
      }
      return folder;
    } catch (error) {
      await rm(lock, { force: true });
      throw error;
    }
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /** On the disk, with what has been sent of the first segment. */
  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  get packets(): number {
    return this.#segments.reduce((sum, { packets }) => sum + packets, 0);
  }

  /** Torn records that were skipped. */
  get torn(): number {
    return this.#torn;
  }

  /** Packets that an earlier run may have sent or not; they are not sent again. */
  get maybe(): number {
    return this.#maybe;
  }

  /** @param segmentBytes a segment that would be larger is followed by another */
  async append(batch: Batch, segmentBytes: number): Promise<void> {
    const records = encodeRecords(batch);
    const last = this.#segments.at(-1);
    if (last !== undefined && last.size + records.length > segmentBytes) await this.#endWriting();
    const { handle, segment } = await this.#writable();
    try {
      await writeAll(handle, records, segment.size);
    } catch (error) {
      // What was written of it must not be found as packets after a crash: they are written again.
      await handle.truncate(segment.size).catch(() => {});
      throw error;
    }
    segment.size += records.length;
    segment.packets += batch.packets;
  }

  /** The oldest packets; the same ones until they are sent. null: there are none, and no segments any more. */
  async peek(): Promise<Batch | null> {
    while (this.#peeked === null) {
      const first = this.#segments[0];
      if (first === undefined) return null;
      if (this.#offset >= first.size) {
        await this.#removeFirst();
        continue;
      }
      const { batch, consumed, torn } = await this.#scan(first, this.#offset);
      this.#torn += torn;
      if (batch.packets === 0) this.#offset += consumed;
      else this.#peeked = { batch, offset: this.#offset + consumed };
    }
    return this.#peeked.batch;
  }

  /** Notes that what was peeked is sent: from here on no later run sends it again. */
  claim(): Promise<void> {
    return this.#note(this.#peeked?.offset ?? this.#offset, this.#peeked?.batch.packets ?? 0);
  }

  /** It was not sent after all. */
  unclaim(): Promise<void> {
    return this.#note(this.#offset, 0);
  }

  /** What was peeked and claimed has been sent. */
  sent(): void {
    const [first] = this.#segments;
    if (this.#peeked === null || first === undefined) return;
    first.packets -= this.#peeked.batch.packets;
    this.#offset = this.#peeked.offset;
    this.#peeked = null;
  }

  /** Gives up the oldest segment. @returns how many packets of it had not been sent */
  async dropOldest(): Promise<number> {
    const packets = this.#segments[0]?.packets ?? 0;
    await this.#removeFirst();
    return packets;
  }

  /** Leaves no trace when all has been sent. */
  async close(): Promise<void> {
    await this.#endWriting();
    if (!this.isEmpty) await this.unclaim();
    await this.#positionFile.close();
    if (this.isEmpty) await rm(join(this.#path, 'position'), { force: true });
    await rm(join(this.#path, 'lock'), { force: true });
    if (this.isEmpty) await rmdir(this.#path);
  }

  async #load(position: Position): Promise<void> {
    this.#lastNumber = position.segment;
    const names = await readdir(this.#path);
    const numbers = names.flatMap((name) => SEGMENT.exec(name)?.groups?.['number'] ?? []).map(Number);
    for (const number of numbers.toSorted((a, b) => a - b)) {
      if (number < position.segment) await rm(this.#file(number), { force: true });
      else await this.#loadSegment(number, position);
    }
    this.#maybe = position.claimed;
  }

  async #loadSegment(number: number, position: Position): Promise<void> {
    const { size } = await stat(this.#file(number));
    const segment = { number, size, packets: 0 };
    const start = number === position.segment ? position.offset : 0;
    for (let at = start; at < segment.size;) {
      const { batch, consumed } = await this.#scan(segment, at);
      segment.packets += batch.packets;
      at += consumed;
    }
    if (this.#segments.length === 0) this.#offset = start;
    this.#segments.push(segment);
    this.#lastNumber = number;
  }

  async #scan(segment: Segment, at: number): Promise<Scanned> {
    const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, segment.size - at));
    const handle = await open(this.#file(segment.number), 'r');
    try {
      const { bytesRead } = await handle.read(window, 0, window.length, at);
      // Somebody has cut it.
      if (bytesRead < window.length) segment.size = at + bytesRead;
      return scanRecords(window.subarray(0, bytesRead), at + bytesRead >= segment.size);
    } finally {
      await handle.close();
    }
  }

  async #writable(): Promise<{ readonly handle: FileHandle; readonly segment: Segment }> {
    const last = this.#segments.at(-1);
    if (this.#writing !== null && last !== undefined) return { handle: this.#writing, segment: last };
    const number = this.#lastNumber + 1;
    const handle = await open(this.#file(number), 'wx', 0o600);
    const segment = { number, size: 0, packets: 0 };
    this.#lastNumber = number;
    this.#writing = handle;
    if (this.isEmpty) this.#offset = 0;
    this.#segments.push(segment);
    return { handle, segment };
  }

  async #endWriting(): Promise<void> {
    const handle = this.#writing;
    this.#writing = null;
    await handle?.close();
  }

  async #removeFirst(): Promise<void> {
    const first = this.#segments[0];
    if (first === undefined) return;
    if (this.#segments.length === 1) await this.#endWriting();
    await this.#positionFile.write({ segment: first.number + 1, offset: 0, claimed: 0 });
    await rm(this.#file(first.number), { force: true });
    this.#segments.shift();
    this.#offset = 0;
    this.#peeked = null;
  }

  #note(offset: number, claimed: number): Promise<void> {
    const segment = this.#segments[0]?.number ?? this.#lastNumber;
    return this.#positionFile.write({ segment, offset, claimed });
  }

  #file(number: number): string {
    return join(this.#path, `${String(number).padStart(10, '0')}.hep`);
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}
