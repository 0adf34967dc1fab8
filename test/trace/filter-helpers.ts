/** Filter modules written by a test, the threads that run them, and what these log. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { createLog, type Log } from '#src/lib/log.js';
import type { RouteInput } from '#src/trace/filter-route.js';
import { FilterThread, type FilterOptions } from '#src/trace/filter-thread.js';

export const INPUT: RouteInput = {
  si: '10.0.0.1',
  sp: 40_000,
  socket_in: { ip: '10.0.0.2', port: 2855 },
  direction: 'accepted',
  proto: 'msrp',
  tls: null,
  next_hop: null,
  peer: null,
};

/** Milliseconds: as long as a loaded machine may take. */
const PATIENCE = 10_000;

/** For expect.poll. */
export const SOON = { timeout: PATIENCE };

/** Milliseconds that a route may take which is to take longer: the others take less, on a machine that stands still for a while too. */
export const HANGS = 3_000;

/** An input that tests tell from others by its port. */
export function port(sp: number): RouteInput {
  return { ...INPUT, sp };
}

export function decided(thread: FilterThread, input: RouteInput = INPUT): Promise<boolean> {
  return new Promise((resolve) => thread.decide(input, resolve));
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export class Filters {
  directory = '';
  lines: LogLine[] = [];
  #threads: FilterThread[] = [];
  readonly log: Log = createLog('info', { write: (line: string) => void this.lines.push(JSON.parse(line)) });

  async open(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'msrptap-filter-'));
    this.lines = [];
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
    this.#threads = [];
    await rm(this.directory, { recursive: true });
  }

  /** @returns the path of the module */
  async write(source: string, name = 'f.js'): Promise<string> {
    const file = join(this.directory, name);
    await writeFile(file, source);
    return file;
  }

  async start(source: string, options: Partial<FilterOptions> = {}): Promise<FilterThread> {
    const thread = await FilterThread.start({
      file: await this.write(source),
      routeName: 'f',
      log: this.log,
      timeoutMs: PATIENCE,
      ...options,
    });
    this.#threads.push(thread);
    return thread;
  }

  /** A module whose route is a function expression. */
  startRoute(route: string, options: Partial<FilterOptions> = {}): Promise<FilterThread> {
    return this.start(`export default ${route};`, options);
  }

  logged(msg: string): LogLine[] {
    return this.lines.filter((line) => line.msg === msg);
  }
}

/** For a test file: an empty folder for each test; its threads are stopped after it. */
export function useFilters(): Filters {
  const filters = new Filters();
  beforeEach(() => filters.open());
  afterEach(() => filters.close());
  return filters;
}
