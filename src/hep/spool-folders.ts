import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Batch } from './queue.js';
import { SpoolFolder } from './spool-folder.js';
import { refuseForeignFolder } from './spool-owner.js';
import { RECORD_HEADER_BYTES } from './spool-record.js';
import type { SpoolOptions } from './spool.js';

/** The largest segment: what is given up at once when the disk is full. */
const MAX_SEGMENT_BYTES = 4 * 1024 * 1024;
/** And the share of a small spool that it may be. */
const SEGMENTS = 8;

/** `@` stands in no name of a hep_id. */
const FOLDER = /^(?<name>[^@]+)@(?<slot>[1-9]\d{0,5})$/;

/**
 * The folders of one destination that belong to one worker: `NAME@SLOT`, which it writes to; and before that, those of
 * the slots that no worker has any more, as there are fewer now. All workers share these by the same count, so that each
 * is taken by one.
 */
export class SpoolFolders {
  readonly #name: string;
  readonly #options: SpoolOptions;
  #maxBytes = 0;
  /** The oldest packets are in the first; the last is written to. */
  #folders: SpoolFolder[] = [];
  /** Of folders that were emptied. */
  #torn = 0;

  constructor(name: string, options: SpoolOptions) {
    this.#name = name;
    this.#options = options;
    this.maxBytes = options.maxBytes;
  }

  /** Octets, over all workers. Of what is there already, none goes before something is added. */
  set maxBytes(maxBytes: number) {
    this.#maxBytes = Math.floor(maxBytes / this.#options.workers);
  }

  get isOpen(): boolean {
    return this.#folders.length > 0;
  }

  get isEmpty(): boolean {
    return this.#folders.every(({ isEmpty }) => isEmpty);
  }

  get bytes(): number {
    return this.#folders.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get packets(): number {
    return this.#folders.reduce((sum, { packets }) => sum + packets, 0);
  }

  get torn(): number {
    return this.#folders.reduce((sum, { torn }) => sum + torn, this.#torn);
  }

  /** What earlier runs may have sent or not. */
  get maybe(): number {
    return this.#folders.reduce((sum, { maybe }) => sum + maybe, 0);
  }

  /** @throws what the disk fails with; spool_in_use, spool_unsafe */
  async open(log: Log): Promise<void> {
    const { dir, slot } = this.#options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await refuseForeignFolder(dir);
    const names = await this.#leftFolders();
    const own = await SpoolFolder.open(join(dir, `${this.#name}@${slot}`));
    const left: SpoolFolder[] = [];
    for (const folder of names) {
      try {
        left.push(await SpoolFolder.open(join(dir, folder)));
      } catch (error) {
        log.warn({ folder, error: messageOf(error) }, 'HEP spool of a worker that is no more not taken');
      }
    }
    this.#folders = [...left, own];
  }

  /** Gives up the oldest until the batch fits. @returns how many packets */
  async makeRoom({ bytes, packets }: Batch): Promise<number> {
    const needed = bytes.length + packets * RECORD_HEADER_BYTES;
    let dropped = 0;
    while (!this.isEmpty && this.bytes + needed > this.#maxBytes) dropped += await this.dropOldest();
    return dropped;
  }

  async append(batch: Batch): Promise<void> {
    await this.#folders.at(-1)?.append(batch, Math.min(MAX_SEGMENT_BYTES, Math.floor(this.#maxBytes / SEGMENTS)));
  }

  async peek(): Promise<Batch | null> {
    for (const folder of this.#folders) {
      const batch = await folder.peek();
      if (batch !== null) return batch;
      await this.#forget(folder);
    }
    return null;
  }

  async claim(): Promise<void> {
    await this.#first?.claim();
  }

  async unclaim(): Promise<void> {
    await this.#first?.unclaim();
  }

  sent(): void {
    this.#first?.sent();
  }

  async dropOldest(): Promise<number> {
    return (await this.#first?.dropOldest()) ?? 0;
  }

  async close(): Promise<void> {
    for (const folder of this.#folders.splice(0)) await folder.close();
  }

  /** Where the oldest packets are. */
  get #first(): SpoolFolder | undefined {
    return this.#folders.find(({ isEmpty }) => !isEmpty);
  }

  /** One that is empty, and not its own. */
  async #forget(folder: SpoolFolder): Promise<void> {
    if (folder === this.#folders.at(-1)) return;
    this.#folders = this.#folders.filter((other) => other !== folder);
    this.#torn += folder.torn;
    await folder.close();
  }

  async #leftFolders(): Promise<string[]> {
    const { dir, slot, workers } = this.#options;
    const names = await readdir(dir);
    return names.toSorted().filter((name) => {
      const groups = FOLDER.exec(name)?.groups;
      const left = Number(groups?.['slot']);
      return groups?.['name'] === this.#name && left > workers && (left - slot) % workers === 0;
    });
  }
}
