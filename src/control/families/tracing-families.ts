/** What becomes of what is traced. */
import type { Labels } from '../figures.js';
import { labelled, single, type TrafficFamily } from './family.js';
import type { SpoolFigures, TrafficSources } from './sources.js';

export const TRACING_FAMILIES: readonly TrafficFamily[] = [
  {
    name: 'filter_decisions_total',
    type: 'counter',
    help: 'Connections by what trace_filter_route decided; whatever is no drop is traced.',
    labels: ['decision'],
    samples: (_counts, sources) => labelled('decision', Object.entries(sources.filterDecisions())),
  },
  {
    name: 'message_filter_decisions_total',
    type: 'counter',
    help: 'Messages by what message() of the filter module decided. After throw, promise, invalid, timeout, crash and unavailable they are mirrored with their headers only.',
    labels: ['decision'],
    samples: (_counts, sources) => labelled('decision', Object.entries(sources.messageFilterDecisions())),
  },
  {
    name: 'hep_packets_total',
    type: 'counter',
    help: 'HEP packets: sent (handed to the network), dropped (the queue was full, or hep_max_rate), failed (could not be sent). maybe: those of sent that a broken connection may have lost.',
    labels: ['destination', 'result'],
    samples: (_counts, sources) => hepPackets(sources),
  },
  {
    name: 'hep_thinned_total',
    type: 'counter',
    help: 'Messages that hep_max_rate left out. They are counted as dropped in hep_packets_total, too.',
    labels: ['destination'],
    samples: (_counts, sources) => sources.hep().map(({ name, thinned }) => [{ destination: name }, thinned]),
  },
  {
    name: 'hep_spool_dropped_total',
    type: 'counter',
    help: 'HEP packets, of those dropped, that were on disk: the oldest, as hep_spool.max_bytes was reached, or those that cannot be read.',
    labels: ['destination'],
    samples: (_counts, sources) => spoolFigures(sources, 'dropped'),
  },
  {
    name: 'hep_spool_torn_total',
    type: 'counter',
    help: 'Records of HEP packets on disk that were skipped, as they were written in part only (a crash) or are damaged.',
    labels: ['destination'],
    samples: (_counts, sources) => spoolFigures(sources, 'torn'),
  },
  {
    name: 'hep_spool_errors_total',
    type: 'counter',
    help: 'Failures of the disk of hep_spool (full, for one). Packets wait in memory then.',
    labels: ['destination'],
    samples: (_counts, sources) => spoolFigures(sources, 'errors'),
  },
  {
    name: 'hep_spool_bytes',
    type: 'gauge',
    help: 'Bytes on disk for the destination.',
    labels: ['destination'],
    samples: (_counts, sources) => spoolFigures(sources, 'bytes'),
  },
  {
    name: 'hep_spool_packets',
    type: 'gauge',
    help: 'HEP packets on disk that are still to be sent to the destination.',
    labels: ['destination'],
    samples: (_counts, sources) => spoolFigures(sources, 'packets'),
  },
  {
    name: 'hep_queue_bytes',
    type: 'gauge',
    help: 'Bytes of HEP packets that wait for the destination.',
    labels: ['destination'],
    samples: (_counts, sources) => sources.hep().map(({ name, queueBytes }) => [{ destination: name }, queueBytes]),
  },
  {
    name: 'hep_connected',
    type: 'gauge',
    help: '1 while the HEP destination can be sent to (for udp: its name is resolved), 0 while it cannot; with several workers, while every one of them can.',
    merge: 'min',
    labels: ['destination'],
    samples: (_counts, sources) =>
      sources.hep().map(({ name, connected }) => [{ destination: name }, Number(connected)]),
  },
  {
    name: 'observer_errors_total',
    type: 'counter',
    help: 'Errors inside tracing and metrics that were caught on the way; proxying went on. Anything but 0 is a bug to report.',
    samples: (_counts, sources) => single(sources.observerErrors()),
  },
];

function* hepPackets(sources: TrafficSources): Generator<readonly [Labels, number]> {
  for (const { name: destination, ...figures } of sources.hep()) {
    for (const result of ['sent', 'dropped', 'failed', 'maybe'] as const) {
      yield [{ destination, result }, figures[result]];
    }
  }
}

function* spoolFigures(sources: TrafficSources, figure: keyof SpoolFigures): Generator<readonly [Labels, number]> {
  for (const { name: destination, spool } of sources.hep()) {
    if (spool !== null) yield [{ destination }, spool[figure]];
  }
}
