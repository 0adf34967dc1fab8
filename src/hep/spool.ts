import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Batch } from './queue.js';
import type { DiskTurn } from './spool-disk.js';
import { SpoolFolders } from './spool-folders.js';
import { SpoolTrouble, type DiskWork } from './spool-trouble.js';

/** So often a segment that cannot be read is tried, before its packets are given up. */
const READ_ATTEMPTS = 5;

export interface SpoolOptions {
  /** Where all spools are. */
  readonly dir: string;
  /** Octets on disk for each destination, over all workers; then the oldest go. At least 1 MiB for each worker. */
  readonly maxBytes: number;
  /** Which worker this is, from 1 on, and how many there are: each has folders of its own. */
  readonly slot: number;
  readonly workers: number;
}

export interface SpoolStats {
  /** On disk. */
  readonly bytes: number;
  readonly packets: number;
  /** Of those dropped: the oldest, as the spool was full, or those of a segment that cannot be read. */
  readonly dropped: number;
  /** Torn records that were skipped. */
  readonly torn: number;
  /** Failures of the disk. */
  readonly errors: number;
}

/** The destination whose packets these are. */
export interface SpoolOwner {
  /** Whether packets can be sent now. */
  readonly ready: boolean;
  /** What is to go to disk now, the oldest first; null: nothing. */
  spill(): Batch | null;
  send(batch: Batch): void;
  /** Packets that an earlier run may have sent. */
  maybe(packets: number): void;
  dropped(packets: number): void;
  /** passes, isQuiet or isFailing may have changed. */
  progress(): void;
}

/**
 * Packets on disk until their destination is there: written in order, sent in order. Works in the background, one thing
 * after another; nobody waits for it.
 */
export class Spool {
  readonly #owner: SpoolOwner;
  readonly #log: Log;
  readonly #disk: DiskTurn;
  readonly #folders: SpoolFolders;
  readonly #trouble: SpoolTrouble;
  /** Is being written, or could not be. */
  #unwritten: Batch | null = null;
  #isWriting = false;
  /** What is being written is not to be sent, should that fail. */
  #isGivenUp = false;
  /** Or could not be: then there is nothing that would come first. */
  #wasOpened = false;
  #readFailures = 0;
  #dropped = 0;
  #isHeld = false;
  #isFinishing = false;
  #isClosed = false;
  #running: Promise<void> | null = null;
  #isKicked = false;
  #mayOpen = false;

  /** @param after its folders are another's until then */
  constructor(
    name: string,
    options: SpoolOptions,
    owner: SpoolOwner,
    disk: DiskTurn,
    log: Log,
    after: Promise<unknown> | null = null,
  ) {
    this.#owner = owner;
    this.#log = log;
    this.#disk = disk;
    this.#folders = new SpoolFolders(name, options);
    this.#trouble = new SpoolTrouble(log, () => this.kick());
    if (after === null) this.#start();
    else void after.then(() => this.#start());
  }

  /** Octets on disk, over all workers. */
  set maxBytes(maxBytes: number) {
    this.#folders.maxBytes = maxBytes;
  }

  /** Whether packets may go to the destination without overtaking others. */
  get passes(): boolean {
    return this.isQuiet && (this.#folders.isEmpty || this.#isHeld);
  }

  get isEmpty(): boolean {
    return this.#folders.isEmpty;
  }

  /** Whether all it took is on disk, or sent. */
  get isQuiet(): boolean {
    return this.#unwritten === null && this.#wasOpened;
  }

  get isFailing(): boolean {
    return this.#trouble.isFailing;
  }

  /** Taken, and not on disk yet. */
  get pending(): { readonly bytes: number; readonly packets: number } {
    return { bytes: this.#unwritten?.bytes.length ?? 0, packets: this.#unwritten?.packets ?? 0 };
  }

  stats(): SpoolStats {
    const { bytes, packets, torn } = this.#folders;
    return { bytes, packets, torn, dropped: this.#dropped, errors: this.#trouble.errors };
  }

  /** There may be something to write or to send. */
  kick(): void {
    this.#isKicked = true;
    if (this.#isClosed || !this.#mayOpen || this.#running !== null) return;
    this.#running = this.#run();
  }

  /** Held: what is on disk stays there. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.kick();
  }

  /** From now on it only writes. */
  finish(): void {
    this.#isFinishing = true;
    this.kick();
  }

  /** Gives up what is not on disk. @returns how many packets; what is being written is told of when it fails */
  discard(): number {
    this.#isGivenUp = this.#isWriting;
    if (this.#isWriting) return 0;
    const { packets } = this.pending;
    this.#unwritten = null;
    return packets;
  }

  /** What is on disk stays there. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#trouble.close();
    await this.#running;
    try {
      await this.#disk.run(() => this.#folders.close());
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'HEP spool not closed cleanly');
    }
  }

  #start(): void {
    this.#mayOpen = true;
    this.kick();
  }

  async #run(): Promise<void> {
    do {
      this.#isKicked = false;
      while (!this.#isClosed && (await this.#step())) this.#owner.progress();
    } while (this.#isKicked && !this.#isClosed);
    this.#running = null;
  }

  /** @returns whether something was done, and there may be more to do */
  async #step(): Promise<boolean> {
    if (!this.#folders.isOpen) return !this.#trouble.waits('open') && this.#open();
    if (!this.#trouble.waits('write')) {
      this.#unwritten ??= this.#owner.spill();
      if (this.#unwritten !== null) return this.#write(this.#unwritten);
    }
    if (!this.#maySend) return false;
    if (this.#folders.isEmpty) return this.#passUnwritten();
    return !this.#isHeld && !this.#trouble.waits('read') && this.#replay();
  }

  async #open(): Promise<boolean> {
    const isOpen = await this.#try('open', () => this.#folders.open(this.#log));
    this.#wasOpened = true;
    if (isOpen) {
      const { bytes, packets, maybe } = this.#folders;
      if (maybe > 0) this.#owner.maybe(maybe);
      if (packets > 0) this.#log.info({ packets, bytes, maybe }, 'HEP packets of an earlier run are on disk');
    } else {
      this.#owner.progress();
    }
    return isOpen;
  }

  async #write(batch: Batch): Promise<boolean> {
    this.#isWriting = true;
    const isWritten = await this.#try('write', async () => {
      this.#countDropped(await this.#folders.makeRoom(batch));
      await this.#folders.append(batch);
    });
    this.#isWriting = false;
    if (!isWritten && this.#isGivenUp) this.#owner.dropped(batch.packets);
    if (isWritten || this.#isGivenUp) this.#unwritten = null;
    this.#isGivenUp = false;
    return true;
  }

  /** What the disk refused, when the destination is back. */
  #passUnwritten(): boolean {
    const batch = this.#unwritten;
    if (batch === null) return false;
    this.#unwritten = null;
    this.#owner.send(batch);
    return true;
  }

  async #replay(): Promise<boolean> {
    let batch: Batch | null = null;
    const isRead = await this.#try('read', async () => {
      batch = await this.#folders.peek();
    });
    if (!isRead) return this.#readFailed();
    this.#readFailures = 0;
    if (batch === null) return true;
    if (!this.#maySend || this.#isHeld) return false;
    return this.#sendClaimed(batch);
  }

  /** Noted on disk first: what may have been sent is not sent again, whatever happens. */
  async #sendClaimed(batch: Batch): Promise<boolean> {
    if (!(await this.#try('read', () => this.#folders.claim()))) return false;
    if (this.#maySend && !this.#isHeld) {
      this.#folders.sent();
      this.#owner.send(batch);
      return true;
    }
    await this.#try('read', () => this.#folders.unclaim());
    return false;
  }

  get #maySend(): boolean {
    return this.#owner.ready && !this.#isFinishing && !this.#isClosed;
  }

  async #readFailed(): Promise<boolean> {
    this.#readFailures += 1;
    if (this.#readFailures < READ_ATTEMPTS) return false;
    this.#readFailures = 0;
    await this.#try('read', async () => this.#countDropped(await this.#folders.dropOldest()));
    return false;
  }

  #countDropped(packets: number): void {
    this.#dropped += packets;
    this.#owner.dropped(packets);
  }

  async #try(work: DiskWork, act: () => Promise<void>): Promise<boolean> {
    try {
      await this.#disk.run(act);
      this.#trouble.worked(work);
      return true;
    } catch (error) {
      this.#trouble.failed(work, error);
      return false;
    }
  }
}
