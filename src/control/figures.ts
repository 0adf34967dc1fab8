/** The figures of a process that carries traffic, as plain data; and those of several as one. */
import type { Counts } from './counts.js';
import { TRAFFIC_FAMILIES, type TrafficSources } from './metric-families.js';

export type Labels = Readonly<Record<string, string>>;
export type Series = readonly [Labels, number];
export type Samples = Iterable<Series>;

/** By the name of the family, without the prefix. */
export type Figures = Readonly<Record<string, readonly Series[]>>;

export function figuresOf(counts: Counts, sources: TrafficSources): Figures {
  return Object.fromEntries(TRAFFIC_FAMILIES.map(({ name, samples }) => [name, [...samples(counts, sources)]]));
}

/** What of a process that has ended still counts: a counter must not go back when it is scraped. */
export function countersOf(figures: Figures): Figures {
  const counters = TRAFFIC_FAMILIES.filter(({ type }) => type !== 'gauge');
  return Object.fromEntries(counters.map(({ name }) => [name, figures[name] ?? []]));
}

/** Those of all as one: counters, histograms and gauges are added, but for families that say otherwise. */
export function merged(all: readonly Figures[]): Figures {
  return Object.fromEntries(
    TRAFFIC_FAMILIES.map(({ name, merge }) => {
      const join = merge === 'min' ? Math.min : sum;
      return [
        name,
        mergedSeries(
          all.flatMap((figures) => figures[name] ?? []),
          join,
        ),
      ];
    }),
  );
}

function mergedSeries(series: readonly Series[], join: (a: number, b: number) => number): readonly Series[] {
  const byLabels = new Map<string, Series>();
  for (const [labels, value] of series) {
    const key = Object.values(labels).join('\n');
    const known = byLabels.get(key);
    byLabels.set(key, [labels, known === undefined ? value : join(known[1], value)]);
  }
  return [...byLabels.values()];
}

function sum(a: number, b: number): number {
  return a + b;
}
