/** What a msrptap holds, and that a fault leaves nothing behind. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from '../helpers/eventually.js';
import { TapProcess, type Launch, type Setup } from '../helpers/tap.js';

const PRELOAD = join(import.meta.dirname, 'holding-preload.mjs');
/** Octets that a heap may be larger than it was. */
const ALLOWED = 5_000_000;
/** Milliseconds for connections to be closed, and for lines and packets about them to be on their way. */
const SETTLED = 30_000;

/** Of all its processes together. */
interface Holding {
  /** On V8's heap and outside of it, once garbage is collected. */
  readonly octets: number;
  readonly descriptors: number;
  /** Sockets, timers and requests that keep the event loop alive, as Node.js names them, each as often as there is one. */
  readonly resources: readonly string[];
}

export interface Left<T> {
  readonly result: T;
  /** Octets of memory that it holds more than before; less than nothing if fewer. */
  readonly grown: number;
}

/** A msrptap whose holdings can be looked at. */
export class Examined {
  readonly tap: TapProcess;
  readonly #directory: string;

  private constructor(tap: TapProcess, directory: string) {
    this.tap = tap;
    this.#directory = directory;
  }

  static async start(setup: Setup, { through = [], options = [], env = {} }: Launch = {}): Promise<Examined> {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-holding-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const tap = await TapProcess.start(setup, {
      through,
      options: ['--expose-gc', '--import', PRELOAD, ...options],
      env: { HOLDING_DIR: directory, ...env },
    });
    return new Examined(tap, directory);
  }

  /**
   * Has a fault come about twice: the first time is the warm-up. After the second there is no link, and no descriptor, timer
   * or memory is held that was not held after the first.
   * @param fault ends the connections it has made
   */
  async leavesNothing<T>(fault: () => Promise<T>): Promise<Left<T>> {
    await fault();
    await this.#withoutLinks();
    const before = await this.#atRest();
    const result = await fault();
    await this.#withoutLinks();
    // A connection may be on its way out still, as one that waits for the last ACK of a FIN.
    await eventually(async () => moreThan(before, await this.holding()), SETTLED).toEqual({});
    let grown = 0;
    // What is on its way out is no leak: a leak stays.
    await eventually(async () => (grown = (await this.holding()).octets - before.octets), SETTLED).toBeLessThan(
      ALLOWED,
    );
    return { result, grown };
  }

  async holding(): Promise<Holding> {
    const { pid } = this.tap;
    const all = await Promise.all([pid, ...this.tap.workers()].map((each) => this.#holdingOf(each)));
    return {
      octets: all.reduce((sum, { octets }) => sum + octets, 0),
      descriptors: all.reduce((sum, { descriptors }) => sum + descriptors, 0),
      resources: all.flatMap(({ resources }) => resources),
    };
  }

  /** Once two looks in a row see the same. */
  async #atRest(): Promise<Holding> {
    let last = await this.holding();
    await eventually(async () => {
      const before = last;
      last = await this.holding();
      return JSON.stringify(countsOf(last)) === JSON.stringify(countsOf(before));
    }, SETTLED).toBe(true);
    return last;
  }

  async #withoutLinks(): Promise<void> {
    await eventually(() => this.tap.mi('msrptap:links'), SETTLED).toMatchObject({ Total: 0 });
    await eventually(() => this.tap.metric('connections'), SETTLED).toBe(0);
  }

  async #holdingOf(pid: number): Promise<Holding> {
    const file = join(this.#directory, String(pid));
    rmSync(file, { force: true });
    process.kill(pid, 'SIGURG');
    await eventually(() => existsSync(file)).toBe(true);
    return JSON.parse(readFileSync(file, 'utf8')) as Holding;
  }
}

/**
 * What there is more of now, and how much more; octets are never the same. Less is no leak: a timer may have been on its way
 * out when it was first looked at.
 */
function moreThan(before: Holding, now: Holding): Readonly<Record<string, number>> {
  const counts = countsOf(before);
  const grown = Object.entries(countsOf(now)).map(([name, count]) => [name, count - (counts[name] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, more]) => more > 0));
}

function countsOf({ descriptors, resources }: Holding): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { descriptors };
  for (const name of resources.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
