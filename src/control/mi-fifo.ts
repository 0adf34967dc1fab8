/** OpenSIPS' mi_fifo: commands are written to a FIFO, and each reply to one that its caller made. */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { messageOf, MsrptapError } from '../lib/errors.js';
import { isFolder } from '../lib/folder.js';
import type { Log } from '../lib/log.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import { FifoFile, type FifoFileOptions } from './fifo-file.js';
import { FifoReplies, type FifoReplyLimits } from './fifo-replies.js';
import { FifoRequests, type FifoRequest } from './fifo-requests.js';
import type { CommandTable } from './mi-command.js';
import { handleMi, refuseTooLong } from './mi.js';
import { handleText, INCOMPLETE, TOO_LONG } from './mi-text.js';

export interface MiFifoOptions extends FifoFileOptions {
  /** Where the callers make their reply FIFOs; absolute. */
  readonly replyDir: string;
  readonly commands: CommandTable;
  readonly log: Log;
  readonly limits?: Partial<MiFifoLimits>;
}

export interface MiFifoLimits extends FifoReplyLimits {
  /** Requests that may wait for the one that is run; then nothing is read, and writers wait. */
  readonly requests: number;
  /** Milliseconds that the rest of a request may take to come. */
  readonly rest: number;
  /** Milliseconds between two looks whether the FIFO still stands: cleaners of /tmp remove old files. */
  readonly look: number;
}

/** The rest: long enough for somebody who types the lines; one whose writer has gone ends at once. */
const LIMITS = { requests: 64, rest: 10_000, look: 10_000 };

export class MiFifo {
  readonly #commands: CommandTable;
  readonly #replyDir: string;
  readonly #log: Log;
  readonly #limited: RateLimitedLog;
  readonly #limits: Pick<MiFifoLimits, 'requests' | 'rest' | 'look'>;
  readonly #file: FifoFile;
  readonly #replies: FifoReplies;
  readonly #requests = new FifoRequests((request) => this.#queue.push(request));
  readonly #queue: FifoRequest[] = [];
  #reader: Socket | null = null;
  #isRunning = false;
  #rest: NodeJS.Timeout | null = null;
  #look: NodeJS.Timeout | null = null;
  #isClosed = false;
  #isLetGo = false;

  constructor({ replyDir, commands, log, limits, ...file }: MiFifoOptions) {
    this.#commands = commands;
    this.#replyDir = replyDir;
    this.#log = log;
    this.#limited = new RateLimitedLog(log);
    this.#limits = { ...LIMITS, ...limits };
    this.#file = new FifoFile(file);
    this.#replies = new FifoReplies({
      directory: replyDir,
      isForbidden: (found) => this.#file.isSame(found),
      onFailed: (reply, error) =>
        this.#limited.write('warn', 'an MI reply was not taken', { reply, error: error.message }),
      ...(limits === undefined ? {} : { limits }),
    });
  }

  /** @throws MsrptapError listen_failed */
  async listen(): Promise<void> {
    this.#findReplyDir();
    await this.#file.make();
    this.#read(this.#file.open());
    this.#lookAgain();
  }

  /**
   * Takes the FIFO that the process before this one reads. What is written from now on waits until that one reads no more:
   * of two readers, each would get parts of requests.
   * @param isFree resolves then
   * @throws MsrptapError listen_failed
   */
  async takeOver(isFree: Promise<void>): Promise<void> {
    this.#findReplyDir();
    await this.#file.takeOver();
    const fd = this.#file.open();
    // Until then it is that one's, should this one not come to work.
    this.#isLetGo = true;
    void this.#readWhenFree(fd, isFree);
  }

  /** Reads no more, and leaves the FIFO to another process. */
  letGo(): void {
    this.#isLetGo = true;
    this.close();
  }

  async #readWhenFree(fd: number, isFree: Promise<void>): Promise<void> {
    await isFree;
    if (this.#isClosed) {
      closeSync(fd);
      return;
    }
    this.#isLetGo = false;
    this.#read(fd);
    this.#lookAgain();
  }

  #findReplyDir(): void {
    if (isFolder(this.#replyDir)) return;
    throw new MsrptapError('listen_failed', `mi_fifo.reply_dir: ${this.#replyDir} is no folder`);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#rest !== null) clearTimeout(this.#rest);
    if (this.#look !== null) clearTimeout(this.#look);
    this.#queue.length = 0;
    this.#reader?.destroy();
    if (!this.#isLetGo) this.#file.remove();
    this.#replies.close();
    this.#limited.flush();
  }

  /**
   * The reader of a FIFO sees an end when its last writer has gone. The next one is opened while this one is still open, so
   * there is always a reader, and what is written meanwhile is not lost.
   */
  #read(fd: number): void {
    const reader = new Socket({ fd, readable: true, writable: false });
    this.#reader = reader;
    reader.on('data', (octets: Buffer) => this.#received(octets));
    reader.on('end', () => {
      this.#requests.end();
      this.#replaceReader(reader);
      this.#go();
    });
    reader.on('error', (error) => {
      this.#limited.write('error', 'the MI FIFO cannot be read', { error: error.message });
      this.#replaceReader(reader);
    });
    if (this.#queue.length >= this.#limits.requests) reader.pause();
  }

  #replaceReader(reader: Socket): void {
    if (this.#isClosed || this.#reader !== reader) return;
    this.#reader = null;
    try {
      this.#read(this.#file.open());
    } catch (error) {
      // It was removed; the next look makes it anew.
      this.#limited.write('warn', 'the MI FIFO is gone', { error: messageOf(error) });
    }
  }

  #received(octets: Buffer): void {
    this.#requests.read(octets);
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = this.#requests.isOpen ? setTimeout(() => this.#giveUpRest(), this.#limits.rest).unref() : null;
    if (this.#queue.length >= this.#limits.requests) this.#reader?.pause();
    this.#go();
  }

  #giveUpRest(): void {
    this.#rest = null;
    this.#requests.end();
    this.#go();
  }

  #go(): void {
    if (!this.#isRunning) void this.#run();
  }

  /** One after the other: who writes two commands means them in that order. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#answer(next);
      if (this.#queue.length < this.#limits.requests) this.#reader?.resume();
    }
    this.#isRunning = false;
  }

  async #answer(request: FifoRequest): Promise<void> {
    if (request.form === 'garbage') {
      this.#limited.write('warn', 'what was written to the MI FIFO is no command', {});
      return;
    }
    const text = await this.#replyTo(request);
    if (text !== null && !this.#isClosed) this.#replies.send(request.reply, text);
  }

  async #replyTo(request: Exclude<FifoRequest, { form: 'garbage' }>): Promise<string | null> {
    if ('tooLong' in request) return request.form === 'json' ? refuseTooLong() : TOO_LONG;
    const onThrow = (method: string, thrown: unknown): void =>
      this.#log.error({ err: thrown, method }, 'an MI command failed');
    if (request.form === 'json') {
      const outcome = await handleMi(request.body, this.#commands, onThrow);
      return outcome.kind === 'silence' ? null : outcome.text;
    }
    return request.complete ? handleText(request, this.#commands, onThrow) : INCOMPLETE;
  }

  #lookAgain(): void {
    this.#look = setTimeout(() => void this.#stand(), this.#limits.look).unref();
  }

  async #stand(): Promise<void> {
    if (!this.#file.stands) {
      try {
        await this.#file.make();
        if (this.#isClosed) this.#file.remove();
        else {
          this.#reader?.destroy();
          this.#read(this.#file.open());
          this.#log.warn('the MI FIFO was gone; it is made anew');
        }
      } catch (error) {
        this.#limited.write('error', 'the MI FIFO is gone and cannot be made anew', { error: messageOf(error) });
      }
    }
    if (!this.#isClosed) this.#lookAgain();
  }
}
