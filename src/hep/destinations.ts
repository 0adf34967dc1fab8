import type { Log } from '../lib/log.js';
import { Destination } from './destination.js';
import { noCounts, type DestinationCounts } from './destination-stats.js';
import type { SpoolOptions } from './spool.js';
import { DiskTurn } from './spool-disk.js';
import type { Timing } from './timing.js';
import type { DestinationConfig } from './transport.js';

/** Milliseconds that a receiver gets for what waits, when the configuration has it no more. */
export const LEAVE_MS = 2_000;

export interface DestinationsOptions {
  readonly timing: Timing;
  readonly log: Log;
}

export interface DestinationLimits {
  /** Memory for packets that wait, per destination, in bytes. */
  readonly queueBytes: number;
  /** null: nothing waits on disk. */
  readonly spool: SpoolOptions | null;
}

/**
 * The receivers that the configuration has. A reload replaces those that it changes and leaves the others alone; one that
 * goes is given what waits for it first, and what does not get there stays in its spool.
 */
export class Destinations {
  readonly #options: DestinationsOptions;
  readonly #disk = new DiskTurn();
  /** By name, of those that are no more: one that comes back goes on counting. */
  readonly #counts = new Map<string, DestinationCounts>();
  #all: readonly Destination[] = [];
  /** By name, of those that are no more: over when they have ended. */
  readonly #leaving = new Map<string, Promise<void>>();
  #isHeld = false;

  constructor(options: DestinationsOptions) {
    this.#options = options;
  }

  get all(): readonly Destination[] {
    return this.#all;
  }

  use(configs: readonly DestinationConfig[], limits: DestinationLimits): void {
    const before = this.#all;
    const stays = configs.map((config) => before.find((known) => isSame(known.config, config)));
    for (const destination of before) if (!stays.includes(destination)) this.#leave(destination);
    this.#all = configs.map((config, index) => stays[index] ?? this.#open(config, limits));
    for (const destination of this.#all) destination.limit(limits.queueBytes, limits.spool?.maxBytes ?? null);
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    for (const destination of this.#all) destination.hold(isHeld);
  }

  /** Resolves when every one that can be reached has taken everything, or the time is up. @param timeout milliseconds */
  drain(timeout: number): Promise<void> {
    return drained(this.#all, timeout);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all.map((destination) => destination.close()), ...this.#leaving.values()]);
  }

  #open(config: DestinationConfig, { queueBytes, spool }: DestinationLimits): Destination {
    const { name } = config;
    const counts = this.#counts.get(name) ?? noCounts();
    this.#counts.delete(name);
    const after = this.#leaving.get(name) ?? null;
    const destination = new Destination(config, {
      ...this.#options,
      queueBytes,
      spool,
      counts,
      after,
      disk: this.#disk,
    });
    destination.hold(this.#isHeld);
    return destination;
  }

  #leave(destination: Destination): void {
    const { name } = destination.config;
    this.#counts.set(name, destination.counts);
    this.#leaving.set(name, leave(destination, this.#leaving.get(name)));
  }
}

/** @param before another one of its name, which leaves too */
async function leave(destination: Destination, before: Promise<void> | undefined): Promise<void> {
  await drained([destination], LEAVE_MS);
  await destination.close();
  await before;
}

async function drained(destinations: readonly Destination[], timeout: number): Promise<void> {
  for (const destination of destinations) destination.finish();
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeout);
  });
  await Promise.race([Promise.all(destinations.map((destination) => destination.settled())), timeUp]);
  clearTimeout(timer);
}

/** What it trusts over TLS is asked for each connection, and is no part of it. */
function isSame(a: DestinationConfig, b: DestinationConfig): boolean {
  return a.name === b.name && a.host === b.host && a.port === b.port && a.transport === b.transport;
}
