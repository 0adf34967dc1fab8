/** The file of the MI FIFO: made, taken over, watched over and removed. */
import { execFile } from 'node:child_process';
import { closeSync, constants, fstatSync, lstatSync, openSync, unlinkSync, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf, MsrptapError } from '../lib/errors.js';

export interface FifoFileOptions {
  /** Absolute. */
  readonly path: string;
  /** Octal digits, as 0600. */
  readonly mode: string;
  /** Names or numbers; null: those of this process. */
  readonly user: string | null;
  readonly group: string | null;
}

/** Milliseconds for a program that makes one system call. */
const RUN_LIMIT = 5_000;

const run = promisify(execFile);

export class FifoFile {
  readonly #options: FifoFileOptions;
  /** Of the FIFO that was made. */
  #made: Stats | null = null;

  constructor(options: FifoFileOptions) {
    this.#options = options;
  }

  /**
   * Makes the FIFO. One that was left behind there is removed before; anything else is not touched.
   * @throws MsrptapError listen_failed
   */
  async make(): Promise<void> {
    const { path, mode, user, group } = this.#options;
    this.#clear();
    // Node.js cannot make a FIFO; POSIX has a utility for it everywhere. The mode is the file's from its beginning on.
    await this.#run('mkfifo', ['-m', mode, '--', path]);
    if (user !== null || group !== null) {
      const owner = `${user ?? ''}${group === null ? '' : `:${group}`}`;
      await this.#run('chown', ['-h', '--', owner, path]);
    }
    const made = this.#found();
    if (made?.isFIFO() !== true) throw this.#failed('it was replaced by another file');
    this.#made = made;
  }

  /**
   * Takes the one that the process before this one reads; makes one where there is none.
   * @throws MsrptapError listen_failed
   */
  async takeOver(): Promise<void> {
    const found = this.#found();
    const self = process.geteuid?.() ?? 0;
    if (found?.isFIFO() !== true || (self !== 0 && found.uid !== self)) await this.make();
    else this.#made = found;
  }

  /**
   * Opens it for reading, at once and whoever else has it open.
   * @throws MsrptapError listen_failed
   */
  open(): number {
    const { path } = this.#options;
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    } catch (error) {
      throw this.#failed(messageOf(error), error);
    }
    if (this.isSame(fstatSync(fd))) return fd;
    closeSync(fd);
    throw this.#failed('it was replaced by another file');
  }

  /** Whether the file at the path is still the one that was made; what cannot be looked at is not. */
  get stands(): boolean {
    try {
      const found = this.#found();
      return found !== null && this.isSame(found);
    } catch {
      return false;
    }
  }

  isSame({ dev, ino }: Stats): boolean {
    return this.#made?.dev === dev && this.#made.ino === ino;
  }

  /** Unless another has taken its place. */
  remove(): void {
    if (!this.stands) return;
    try {
      unlinkSync(this.#options.path);
    } catch {
      // Its folder may have changed hands; a FIFO without a reader does no harm, and the next start takes it over.
    }
  }

  #clear(): void {
    const { path } = this.#options;
    const found = this.#found();
    if (found === null) return;
    if (!found.isFIFO()) throw this.#failed('there is a file that is no FIFO: name another, or remove it');
    if (hasReader(path)) throw this.#failed('another process reads it (OpenSIPS, or another msrptap): name another');
    const self = process.geteuid?.() ?? 0;
    if (self !== 0 && found.uid !== self) throw this.#failed('there is a FIFO of another user: remove it');
    try {
      unlinkSync(path);
    } catch (error) {
      throw this.#failed(`the FIFO that was left behind cannot be removed: ${messageOf(error)}`, error);
    }
  }

  /** @throws MsrptapError listen_failed, as where its folder is a folder no more */
  #found(): Stats | null {
    const { path } = this.#options;
    try {
      return lstatSync(path, { throwIfNoEntry: false }) ?? null;
    } catch (error) {
      throw this.#failed(messageOf(error), error);
    }
  }

  async #run(program: string, words: readonly string[]): Promise<void> {
    try {
      await run(program, words, { timeout: RUN_LIMIT });
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
      throw this.#failed(said === '' ? messageOf(error) : said, error);
    }
  }

  #failed(why: string, cause?: unknown): MsrptapError {
    return new MsrptapError('listen_failed', `mi_fifo.fifo_name: ${this.#options.path}: ${why}`, { cause });
  }
}

/** Opening for writing fails at once where nobody reads [fifo(7)]. */
function hasReader(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW));
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENXIO');
  }
}
