import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';

/** Milliseconds after which what failed is tried again. */
const RETRY_MS = 1_000;

/** What is done with the disk. When it is full it can be read, which makes room. */
export type DiskWork = 'open' | 'write' | 'read';

/** What a disk fails with: counted, told when it begins and when it is over, tried again after a while. */
export class SpoolTrouble {
  readonly #log: Log;
  readonly #tryAgain: () => void;
  /** What failed, and has not worked since. */
  readonly #failing = new Set<DiskWork>();
  readonly #waiting = new Map<DiskWork, NodeJS.Timeout>();
  #errors = 0;

  constructor(log: Log, tryAgain: () => void) {
    this.#log = log;
    this.#tryAgain = tryAgain;
  }

  get errors(): number {
    return this.#errors;
  }

  get isFailing(): boolean {
    return this.#failing.size > 0;
  }

  /** Whether it failed just now, and is to be left alone for a while. */
  waits(work: DiskWork): boolean {
    return this.#waiting.has(work);
  }

  failed(work: DiskWork, error: unknown): void {
    this.#errors += 1;
    if (!this.#failing.has(work)) this.#log.warn({ work, error: messageOf(error) }, 'HEP spool fails');
    this.#failing.add(work);
    clearTimeout(this.#waiting.get(work));
    const timer = setTimeout(() => {
      this.#waiting.delete(work);
      this.#tryAgain();
    }, RETRY_MS);
    // Is no reason to keep the process alive.
    this.#waiting.set(work, timer.unref());
  }

  worked(work: DiskWork): void {
    if (this.#failing.delete(work)) this.#log.info({ work }, 'HEP spool works again');
  }

  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
  }
}
