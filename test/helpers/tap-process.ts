/** The command, in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { settings, Tap, type LogLine, type Setup } from './tap.js';

/** `msrptap run`, as built. When the test ends it is killed. */
export class TapProcess extends Tap {
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  #isOver = false;

  private constructor(child: ChildProcess, log: readonly LogLine[], ready: LogLine) {
    super(ready['sockets'] as string[], ready['httpd'] as string, log);
    this.#child = child;
    this.exited = once(child, 'exit').then(([code]) => {
      this.#isOver = true;
      return typeof code === 'number' ? code : null;
    });
  }

  static async start(setup: Setup): Promise<TapProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-run-'));
    const file = join(directory, 'msrptap.yaml');
    writeFileSync(file, JSON.stringify(settings(setup)));
    const cli = join(import.meta.dirname, '../../dist/cli.js');
    const child = spawn(process.execPath, [cli, 'run', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true });
    });
    const log: LogLine[] = [];
    const ready = await new Promise<LogLine>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`exit ${code}: ${JSON.stringify(log)}`)));
      createInterface({ input: child.stderr }).on('line', (text) => {
        const line = readLine(text);
        log.push(line);
        if (line.msg === 'ready') resolve(line);
      });
    });
    return new TapProcess(child, log, ready);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  signal(signal: 'SIGTERM' | 'SIGHUP' | 'SIGINT'): void {
    this.#child.kill(signal);
  }

  /** Resident memory now, and the most there was, in MiB. */
  memory(): { readonly now: number; readonly most: number } {
    return memoryOf(this.pid);
  }
}

/** Of any process (proc(5)), in MiB. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
  return { now: figure('VmRSS'), most: figure('VmHWM') };
}

function readLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'none', msg: text };
  }
}
