/** Replies to FIFOs that the callers made. A caller that never reads his blocks nobody, and is given up. */
import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { messageOf, MsrptapError } from '../lib/errors.js';

export interface FifoRepliesOptions {
  /** The only folder with reply FIFOs; absolute. */
  readonly directory: string;
  /** Whether a file must not be written to: the command FIFO itself, which would answer itself. */
  readonly isForbidden: (file: Stats) => boolean;
  /** Told of each reply that was not taken. */
  readonly onFailed: (name: string, error: MsrptapError) => void;
  readonly limits?: Partial<FifoReplyLimits>;
}

export interface FifoReplyLimits {
  /** Milliseconds that a caller gets to open his FIFO and to take all of the reply. */
  readonly time: number;
  /** Replies, and octets of them, that may wait; over it the one that waits the longest is given up. */
  readonly waiting: number;
  readonly octets: number;
}

export const FIFO_REPLY_LIMITS: FifoReplyLimits = { time: 5_000, waiting: 256, octets: 16 * 1_024 * 1_024 };

/** Milliseconds between two attempts to open a FIFO that nobody reads yet: first, and at most. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 250;

/** OpenSIPS' limit for the whole path is 128; a file name has 255 octets at most. */
const NAME = /^(?!\.{1,2}$)[^/\p{Cc}]{1,255}$/u;

export class FifoReplies {
  readonly #options: FifoRepliesOptions;
  readonly #limits: FifoReplyLimits;
  /** The one that waits the longest first. */
  readonly #waiting = new Set<Reply>();
  #octets = 0;

  constructor(options: FifoRepliesOptions) {
    this.#options = options;
    this.#limits = { ...FIFO_REPLY_LIMITS, ...options.limits };
  }

  /** How many are under way. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param name as the request has it; '': no reply is wanted */
  send(name: string, text: string): void {
    if (name === '') return;
    if (!NAME.test(name)) {
      this.#options.onFailed(name, failed('its name is none of a file directly in reply_dir'));
      return;
    }
    const octets = Buffer.from(text);
    const reply = new Reply(join(this.#options.directory, name), octets, {
      isForbidden: this.#options.isForbidden,
      limit: this.#limits.time,
      onOver: (error) => {
        this.#waiting.delete(reply);
        this.#octets -= octets.length;
        if (error !== null) this.#options.onFailed(name, error);
      },
    });
    this.#waiting.add(reply);
    this.#octets += octets.length;
    reply.begin();
    for (const oldest of this.#waiting) {
      if (this.#waiting.size <= this.#limits.waiting && this.#octets <= this.#limits.octets) return;
      oldest.giveUp('too many replies wait');
    }
  }

  close(): void {
    for (const reply of this.#waiting) reply.giveUp('msrptap stops');
  }
}

interface ReplyOwner {
  readonly isForbidden: (file: Stats) => boolean;
  /** Milliseconds. */
  readonly limit: number;
  /** Called once. */
  onOver(error: MsrptapError | null): void;
}

class Reply {
  readonly #path: string;
  readonly #octets: Buffer;
  readonly #owner: ReplyOwner;
  #pause = FIRST_PAUSE;
  #retry: NodeJS.Timeout | null = null;
  #overdue: NodeJS.Timeout | null = null;
  #socket: Socket | null = null;
  #isOver = false;

  constructor(path: string, octets: Buffer, owner: ReplyOwner) {
    this.#path = path;
    this.#octets = octets;
    this.#owner = owner;
  }

  begin(): void {
    const { limit } = this.#owner;
    this.#overdue = setTimeout(() => this.giveUp(`nobody took all of it within ${limit} ms`), limit).unref();
    this.#tryOpen();
  }

  giveUp(why: string): void {
    this.#end(failed(why));
  }

  #tryOpen(): void {
    let fd: number | null;
    try {
      fd = openReply(this.#path, this.#owner.isForbidden);
    } catch (error) {
      this.#end(error instanceof MsrptapError ? error : failed(messageOf(error)));
      return;
    }
    if (fd === null) {
      this.#retry = setTimeout(() => this.#tryOpen(), this.#pause).unref();
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
      return;
    }
    this.#write(fd);
  }

  #write(fd: number): void {
    const socket = new Socket({ fd, readable: false, writable: true });
    this.#socket = socket;
    socket.on('error', (error) => this.#end(failed(error.message)));
    socket.on('close', () => this.#end(null));
    socket.end(this.#octets);
  }

  #end(error: MsrptapError | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#overdue !== null) clearTimeout(this.#overdue);
    this.#socket?.destroy();
    this.#owner.onOver(error);
  }
}

/**
 * Opens a reply FIFO for writing, which never waits.
 * @returns null when nobody reads it yet
 * @throws when it does not exist, or is no FIFO with this one name
 */
function openReply(path: string, isForbidden: (file: Stats) => boolean): number | null {
  // Opening is not harmless for every kind of file (a tape is wound), so it is looked at before, and again when open.
  checkFifo(lstatSync(path), isForbidden);
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENXIO') return null;
    throw error;
  }
  try {
    checkFifo(fstatSync(fd), isForbidden);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function checkFifo(file: Stats, isForbidden: (file: Stats) => boolean): void {
  if (!file.isFIFO()) throw failed('it is no FIFO');
  if (file.nlink > 1) throw failed('it is a FIFO with another name elsewhere');
  if (isForbidden(file)) throw failed('it is the FIFO for commands');
}

function failed(why: string): MsrptapError {
  return new MsrptapError('mi_reply_failed', why);
}
