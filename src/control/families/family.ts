/** What a metric is: its name, labels and help text, and where its figures come from. */
import type { Counts } from '../counts.js';
import type { Labels, Samples } from '../figures.js';
import type { Histograms } from '../histograms.js';
import type { ControlSources, TrafficSources } from './sources.js';

export interface Family {
  /** Without the prefix. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
}

/** One that every process which carries traffic has figures of. */
export interface TrafficFamily extends Family {
  /** How those of several processes are one figure; default sum. */
  readonly merge?: 'min';
  /** The values at this moment; series that are not among them are gone. */
  readonly samples: (counts: Counts, sources: TrafficSources) => Samples;
}

export interface ControlFamily extends Family {
  readonly type: 'counter' | 'gauge';
  readonly samples: (sources: ControlSources) => Samples;
}

export function single(value: number): Samples {
  return [[{}, value]];
}

export function* labelled(label: string, values: Iterable<[string, number]>): Generator<readonly [Labels, number]> {
  for (const [value, count] of values) yield [{ [label]: value }, count];
}

export function* nested(
  outer: string,
  inner: string,
  counts: Readonly<Record<string, Iterable<[string, number]>>>,
  common: Labels = {},
): Generator<readonly [Labels, number]> {
  for (const [key, values] of Object.entries(counts)) {
    for (const [value, count] of values) yield [{ [outer]: key, [inner]: value, ...common }, count];
  }
}

/** The parts of a histogram's exposition. */
export function* distributions(label: string, histograms: Histograms<string>): Generator<readonly [Labels, number]> {
  for (const [value, { upTo, count, sum }] of histograms) {
    const own = { [label]: value };
    for (const [bound, below] of upTo) yield [{ ...own, part: 'bucket', le: String(bound) }, below];
    yield [{ ...own, part: 'bucket', le: '+Inf' }, count];
    yield [{ ...own, part: 'sum' }, sum];
    yield [{ ...own, part: 'count' }, count];
  }
}
