/** The built command, as a child process. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 5_000;

/** The lines of one stream, so far. */
export class Lines {
  readonly all: string[] = [];
  #ended = false;
  #waits: { matches: (line: string) => boolean; resolve: (line: string) => void; reject: (error: Error) => void }[] =
    [];

  constructor(stream: Readable) {
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => this.#add(line));
    lines.on('close', () => this.#end());
  }

  /** The first line that matches, from the beginning on; rejects when the stream ends without one. */
  first(pattern: RegExp): Promise<string> {
    const known = this.all.find((line) => pattern.test(line));
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const missing = (): void => reject(new Error(`no line like ${String(pattern)} in:\n${this.all.join('\n')}`));
      if (this.#ended) missing();
      else this.#waits.push({ matches: (line) => pattern.test(line), resolve, reject: missing });
    });
  }

  #add(line: string): void {
    this.all.push(line);
    this.#waits = this.#waits.filter(({ matches, resolve }) => {
      if (!matches(line)) return true;
      resolve(line);
      return false;
    });
  }

  #end(): void {
    this.#ended = true;
    for (const { reject } of this.#waits) reject(new Error('the stream ended'));
    this.#waits = [];
  }
}

export interface RunningCli {
  readonly out: Lines;
  readonly err: Lines;
  /** The exit status, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  signal(signal: NodeJS.Signals): void;
}

/** Starts `msrptap …`; it is ended, if it still runs, when the test ends. */
export function startCli(...args: readonly string[]): RunningCli {
  return startCliWith({}, ...args);
}

/** The same, with more in its environment. */
export function startCliWith(environment: Readonly<Record<string, string>>, ...args: readonly string[]): RunningCli {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  onTestFinished(async () => {
    // It cleans up behind itself when it is asked to end.
    child.kill('SIGTERM');
    const overdue = setTimeout(() => child.kill('SIGKILL'), GRACE);
    await exited;
    clearTimeout(overdue);
  });
  return {
    out: new Lines(child.stdout),
    err: new Lines(child.stderr),
    exited,
    signal: (signal) => child.kill(signal),
  };
}
