import type { NextHop } from '../events.js';
import { formatHostPort } from '../lib/address.js';

/** Milliseconds that a next hop rests after it failed; twice as long after each further failure. */
export const FIRST_REST_MS = 1_000;
export const LONGEST_REST_MS = 60_000;

/** How a next hop of the configuration is doing. */
export interface UpstreamFigures {
  /** As in the configuration: `msrp:host:port`. */
  readonly name: string;
  /** Whether its last dial succeeded; true before the first. */
  readonly up: boolean;
  /** Dials since the start. */
  readonly succeeded: number;
  readonly failed: number;
}

/** A next hop of the configuration, and its health: what became of the dials of all listeners that name it. */
export class Upstream implements UpstreamFigures {
  readonly nextHop: NextHop;
  readonly name: string;
  succeeded = 0;
  failed = 0;
  /** Milliseconds; 0 while it is up. */
  #rest = 0;
  #restsUntil = 0;
  #failedAt = 0;

  constructor(nextHop: NextHop) {
    this.nextHop = nextHop;
    this.name = nameOf(nextHop);
  }

  get up(): boolean {
    return this.#rest === 0;
  }

  /** When it may be dialled again; in the past: now. */
  get restsUntil(): number {
    return this.#restsUntil;
  }

  /**
   * A dial begins. When a rest is over, one link finds out how the next hop is doing, and the others go elsewhere.
   * @param longest milliseconds that the dial may take
   */
  dial(now: number, longest: number): UpstreamDial {
    const isNews = this.#restsUntil <= now;
    if (!this.up && isNews) this.#restsUntil = now + longest;
    return {
      succeeded: () => {
        this.succeeded += 1;
        this.#rest = 0;
        this.#restsUntil = 0;
      },
      failed: (at) => {
        this.failed += 1;
        // Dials that were under way together, or made in spite of a rest, find out one thing, not several.
        if (!isNews || now < this.#failedAt) return;
        this.#rest = this.up ? FIRST_REST_MS : Math.min(this.#rest * 2, LONGEST_REST_MS);
        this.#failedAt = at;
        this.#restsUntil = at + this.#rest;
      },
      givenUp: (at) => {
        if (!this.up && isNews) this.#restsUntil = Math.min(this.#restsUntil, at);
      },
    };
  }
}

/** How a dial ended; one of them is called, once. Times in milliseconds, of one clock. */
export interface UpstreamDial {
  succeeded(): void;
  failed(at: number): void;
  /** Whoever wanted it is gone. */
  givenUp(at: number): void;
}

/** All next hops that the configuration has, or had before a reload, each once: one that comes back is no stranger. */
export class Upstreams {
  readonly #byName = new Map<string, Upstream>();
  #used: readonly Upstream[] = [];

  of(nextHop: NextHop): Upstream {
    const name = nameOf(nextHop);
    const upstream = this.#byName.get(name) ?? new Upstream(nextHop);
    this.#byName.set(name, upstream);
    return upstream;
  }

  /** These are told of. */
  use(nextHops: readonly NextHop[]): void {
    this.#used = [...new Set(nextHops.map((nextHop) => this.of(nextHop)))];
  }

  figures(): readonly UpstreamFigures[] {
    return this.#used;
  }
}

export type UpstreamPolicy = 'ordered' | 'round_robin';

/** The next hops of a listener, in the order in which a link is to try them. */
export class UpstreamList {
  readonly #upstreams: readonly Upstream[];
  readonly #policy: UpstreamPolicy;
  #turn: number;

  /** @param turn which of them round_robin begins with */
  constructor(upstreams: readonly Upstream[], policy: UpstreamPolicy, turn = 0) {
    this.#upstreams = upstreams;
    this.#policy = policy;
    this.#turn = turn;
  }

  /** The one that there is; null where there are several. */
  get only(): NextHop | null {
    const [first, ...others] = this.#upstreams;
    return first === undefined || others.length > 0 ? null : first.nextHop;
  }

  /** Those that rest come last, the one whose rest ends first before the others: better a poor chance than none. */
  inOrder(now: number): Upstream[] {
    const first = this.#policy === 'ordered' ? 0 : this.#turn++ % this.#upstreams.length;
    const all = [...this.#upstreams.slice(first), ...this.#upstreams.slice(0, first)];
    const resting = all.filter(({ restsUntil }) => restsUntil > now);
    return [
      ...all.filter((upstream) => !resting.includes(upstream)),
      ...resting.toSorted((a, b) => a.restsUntil - b.restsUntil),
    ];
  }
}

function nameOf(nextHop: NextHop): string {
  return `${nextHop.proto}:${formatHostPort(nextHop)}`;
}
