/** A caller of mi_fifo: makes a FIFO for replies, writes a request, reads the reply to its end. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of its own, removed when the test ends. */
export function scratchFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'msrptap-fifo-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function mkfifo(path: string): void {
  execFileSync('mkfifo', ['-m', '600', '--', path]);
}

/** Writes in one go, or in several while the FIFO stays open. @throws ENXIO when nobody reads it */
export function writeFifo(path: string, ...parts: readonly (string | Uint8Array)[]): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (const part of parts) writeSync(fd, typeof part === 'string' ? Buffer.from(part) : part);
  } finally {
    closeSync(fd);
  }
}

/** More than a pipe holds: waits until it is taken. */
export async function writeLongFifo(path: string, text: string): Promise<void> {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.end(text);
  await once(socket, 'close');
}

/** What is written to a FIFO from now on, until its last writer has gone. */
export class FifoReader {
  readonly text: Promise<string>;
  #received = '';
  readonly #socket: Socket;

  constructor(path: string) {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (part: string) => (this.#received += part));
    this.text = new Promise((resolve, reject) => {
      this.#socket.once('end', () => resolve(this.#received)).once('error', reject);
    });
  }

  /** So far. */
  get received(): string {
    return this.#received;
  }

  close(): void {
    this.#socket.destroy();
  }
}

export class FifoCaller {
  readonly #command: string;
  readonly #directory: string;
  readonly #name: string;

  /** @param directory the reply_dir */
  constructor(command: string, directory: string, name = 'reply') {
    this.#name = name;
    this.#command = command;
    this.#directory = directory;
    mkfifo(join(directory, this.#name));
  }

  /** The reply to `:reply:REQUEST`. */
  call(request: string | Uint8Array): Promise<string> {
    return this.#ask(`:${this.#name}:`, request);
  }

  /** The reply to the text form. */
  text(method: string, ...lines: readonly string[]): Promise<string> {
    return this.#ask(`:${method}:${this.#name}\n`, [...lines, '', ''].join('\n'));
  }

  /** What came of a request that is not answered, by the time at which one behind it is. */
  async unanswered(request: string): Promise<string> {
    const reader = new FifoReader(join(this.#directory, this.#name));
    const other = new FifoCaller(this.#command, this.#directory, `${this.#name}_behind`);
    writeFifo(this.#command, `:${this.#name}:${request}\n`);
    await other.call('{"jsonrpc":"2.0","id":1,"method":"uptime"}');
    rmSync(join(this.#directory, other.#name));
    reader.close();
    return reader.received;
  }

  async #ask(head: string, rest: string | Uint8Array): Promise<string> {
    const reader = new FifoReader(join(this.#directory, this.#name));
    writeFifo(this.#command, Buffer.concat([Buffer.from(head), Buffer.from(rest)]));
    return reader.text;
  }
}
