/** The processes that carry traffic. */
import type { Labels, Samples } from '../figures.js';
import { distributions, single, type TrafficFamily } from './family.js';

export const PROCESS_FAMILIES: readonly TrafficFamily[] = [
  {
    name: 'worker_connections',
    type: 'gauge',
    help: 'Open accepted connections by worker. A worker is a number from 1 to workers; the next one that has it goes on with its counts.',
    labels: ['worker'],
    samples: (counts, sources) => [[{ worker: sources.usage().worker }, total(counts.open.downstream)]],
  },
  {
    name: 'worker_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time, user and system, by worker. What process_ metrics tell is of the control process.',
    labels: ['worker'],
    samples: (_counts, sources) => [[{ worker: sources.usage().worker }, sources.usage().cpuSeconds]],
  },
  {
    name: 'worker_resident_memory_bytes',
    type: 'gauge',
    help: 'Resident memory by worker.',
    labels: ['worker'],
    samples: (_counts, sources) => [[{ worker: sources.usage().worker }, sources.usage().residentBytes]],
  },
  {
    name: 'event_loop_lag_seconds',
    type: 'histogram',
    help: 'How late the event loop that carries traffic is, looked at every 20 ms, by worker: everything in it waits that long.',
    labels: ['worker'],
    samples: (counts, sources) => ofWorker(distributions('worker', counts.loopLag), sources.usage().worker),
  },
  {
    name: 'log_lines_dropped_total',
    type: 'counter',
    help: 'Log lines lost because whoever reads the log is too slow.',
    samples: (_counts, sources) => single(sources.logLinesDropped()),
  },
];

function total(counts: Iterable<[string, number]>): number {
  let sum = 0;
  for (const [, count] of counts) sum += count;
  return sum;
}

/** The same, of a worker. */
function* ofWorker(samples: Samples, worker: string): Generator<readonly [Labels, number]> {
  for (const [labels, value] of samples) yield [{ ...labels, worker }, value];
}
