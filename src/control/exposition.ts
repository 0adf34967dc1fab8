import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Counts } from './counts.js';
import { counterFamilies, gaugeFamilies, type Family, type MetricSources } from './metric-families.js';

export interface Exposition {
  readonly prefix: string;
  readonly version: string;
  readonly counts: Counts;
  readonly sources: MetricSources;
}

/** A registry of its own, with Node's and the process's own metrics in it. Its figures are fetched when it is scraped. */
export function buildRegistry({ prefix, version, counts, sources }: Exposition): Registry {
  const registry = new Registry();
  for (const family of counterFamilies(counts, sources)) registry.registerMetric(counter(prefix, family));
  for (const family of gaugeFamilies(counts, sources, version)) registry.registerMetric(gauge(prefix, family));
  collectDefaultMetrics({ register: registry });
  return registry;
}

function counter(prefix: string, { name, help, labels = [], samples }: Family): Counter {
  return new Counter({
    name: `${prefix}_${name}`,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const [values, value] of samples()) this.inc(values, value);
    },
  });
}

function gauge(prefix: string, { name, help, labels = [], samples }: Family): Gauge {
  return new Gauge({
    name: `${prefix}_${name}`,
    help,
    labelNames: labels,
    registers: [],
    collect() {
      this.reset();
      for (const [values, value] of samples()) this.set(values, value);
    },
  });
}
