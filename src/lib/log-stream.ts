import { constants, fstatSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { pino, type DestinationStream } from 'pino';
import { readableLine } from './log-line.js';

/**
 * Octets of log lines that wait for a reader that does not read: some thousand lines, the last minutes of a busy
 * proxy. What comes when they are full is dropped and counted: a log must not cost the proxy its memory or its time.
 */
const MAX_WAITING = 1_048_576;

/** Milliseconds that the lines still waiting get at the end of the process. */
const FLUSH_TIMEOUT = 1_000;

export interface LogStreamOptions {
  /** Default 2, stderr. */
  readonly fd?: number;
  /** Lines for people in place of JSON. Default: whether `fd` is a terminal. */
  readonly readable?: boolean;
  readonly maxWaiting?: number;
  readonly flushTimeout?: number;
}

/** Where log lines go. Writing returns at once, whatever becomes of the line. */
export class LogStream implements DestinationStream {
  readonly #destination: ReturnType<typeof pino.destination>;
  readonly #readable: boolean;
  readonly #flushTimeout: number;
  /** performance.now() at which what still waits is given up. */
  #deadline = Infinity;
  #closed = false;
  #dropped = 0;

  constructor(options: LogStreamOptions = {}) {
    const { fd = 2, readable = isatty(fd), maxWaiting = MAX_WAITING, flushTimeout = FLUSH_TIMEOUT } = options;
    this.#readable = readable;
    this.#flushTimeout = flushTimeout;
    this.#destination = pino.destination({
      dest: nonBlocking(fd),
      sync: false,
      maxLength: maxWaiting,
      retryEAGAIN: () => performance.now() < this.#deadline,
    });
    this.#destination.on('drop', () => (this.#dropped += 1));
    this.#destination.on('error', (error: NodeJS.ErrnoException) => {
      // Nobody reads any more. Other errors, as of a full disk, may pass: the lines wait for the next attempt.
      if (error.code === 'EPIPE') this.#closed = true;
    });
    // Ahead of pino's own flush at the end of the process, which would wait for a stuck reader for ever.
    process.prependOnceListener('exit', this.flush);
  }

  /** Lines that were lost. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#closed) this.#dropped += 1;
    else this.#destination.write(this.#readable ? readableLine(line) : line);
  }

  /** Writes what waits within this turn, for an end that cannot wait for `close`. What comes later is lost. */
  readonly flush = (): void => {
    if (this.#closed) return;
    this.#begin();
    try {
      this.#destination.flushSync();
    } catch {
      // The deadline passed, or the lines cannot be written: there is nowhere to say so.
    }
    this.#destination.destroy();
  };

  /** Resolves when all lines are written, or `flushTimeout` has passed. What comes later is lost. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#begin();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#flushTimeout);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#destination.once('close', done).once('error', done);
      this.#destination.end();
    });
    this.#destination.destroy();
  }

  #begin(): void {
    this.#closed = true;
    this.#deadline = performance.now() + this.#flushTimeout;
    process.off('exit', this.flush);
  }
}

/**
 * A write to a full pipe holds one of Node's four pool threads until somebody reads, and the process cannot even exit
 * before that. So a pipe is opened once more for us alone; to make the one we were given non-blocking would make it so
 * for all who share it, the shell included.
 */
function nonBlocking(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No /proc, another user's pipe, or no reader: the one that there is.
    return fd;
  }
}
