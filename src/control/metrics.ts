import { setTimeout as pause } from 'node:timers/promises';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { Allowance } from '../lib/allowance.js';
import { FigureHistogram } from './figure-histogram.js';
import type { Figures, Samples } from './figures.js';
import { CONTROL_FAMILIES, type ControlSources, TRAFFIC_FAMILIES } from './metric-families.js';

/** One takes a millisecond or more of a process that may carry the traffic, and asks all workers; a few scrapers ask every second. */
const SCRAPES_PER_SECOND = 20;

export interface MetricsOptions {
  /** prometheus.prefix; default msrptap. */
  readonly prefix?: string | undefined;
  /** Those of all processes that carry traffic, as one. */
  readonly figures: () => Figures | Promise<Figures>;
  readonly sources: ControlSources;
}

export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

interface Described {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
}

/** What Prometheus scrapes: a registry of its own, with Node's and this process's own metrics in it. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #prefix: string;
  readonly #figures: () => Figures | Promise<Figures>;
  readonly #allowance = new Allowance(SCRAPES_PER_SECOND);
  /** What the scrape under way is told. */
  #figuresNow: Figures = {};
  /** When the scrape under way is over. */
  #current: Promise<void> = Promise.resolve();
  /** The one that has not begun. */
  #next: Promise<Scrape> | null = null;

  constructor({ prefix = 'msrptap', figures, sources }: MetricsOptions) {
    this.#prefix = prefix;
    this.#figures = figures;
    for (const family of TRAFFIC_FAMILIES) this.#register(family, () => this.#figuresNow[family.name] ?? []);
    for (const family of CONTROL_FAMILIES) this.#register(family, () => family.samples(sources));
    collectDefaultMetrics({ register: this.#registry });
  }

  /** The text that Prometheus reads: of a moment after it was asked for. Beyond what there may be in a second it is waited for. */
  scrape(): Promise<Scrape> {
    this.#next ??= this.#scrapeInTurn();
    return this.#next;
  }

  /** Who asks before it begins gets the same; who asks while it is made, the one behind it. */
  async #scrapeInTurn(): Promise<Scrape> {
    await this.#current;
    while (!this.#allowance.spend(1)) await pause(1_000 / SCRAPES_PER_SECOND);
    this.#next = null;
    const made = this.#scrape();
    this.#current = made.then(noted, noted);
    return made;
  }

  async #scrape(): Promise<Scrape> {
    this.#figuresNow = await this.#figures();
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }

  #register({ name, type, help, labels = [] }: Described, samples: () => Samples): void {
    if (type === 'histogram') {
      this.#registry.registerMetric(new FigureHistogram(`${this.#prefix}_${name}`, help, samples));
      return;
    }
    const options = { name: `${this.#prefix}_${name}`, help, labelNames: labels, registers: [] };
    if (type === 'counter') {
      const collect = function collect(this: Counter): void {
        this.reset();
        for (const [values, value] of samples()) this.inc(values, value);
      };
      this.#registry.registerMetric(new Counter({ ...options, collect }));
    } else {
      const collect = function collect(this: Gauge): void {
        this.reset();
        for (const [values, value] of samples()) this.set(values, value);
      };
      this.#registry.registerMetric(new Gauge({ ...options, collect }));
    }
  }
}

function noted(): void {}
