/** The metrics as Prometheus sees them: names, labels, help texts, and where each figure comes from. */
import type { Counts } from './counts.js';

/** What one HEP destination has to tell. Counts are packets since the start. */
export interface HepFigures {
  readonly name: string;
  readonly sent: number;
  readonly dropped: number;
  readonly failed: number;
  readonly maybe: number;
  readonly queueBytes: number;
  readonly connected: number | boolean;
}

/** Figures that others keep, asked for at each scrape. */
export interface MetricSources {
  /** Decisions of the filter route by outcome: a closed set, all of it from the start. */
  filterDecisions(): Readonly<Record<string, number>>;
  hep(): readonly HepFigures[];
  traceOn(): boolean;
  maxConnections(): number;
  /** What observers threw. */
  observerErrors(): number;
  /** Lines that found the log's buffer full. */
  logLinesDropped(): number;
}

export type Labels = Readonly<Record<string, string>>;
type Samples = Iterable<readonly [Labels, number]>;

export interface Family {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** The values at this moment; series that are not among them are gone. */
  readonly samples: () => Samples;
}

export function counterFamilies(counts: Counts, sources: MetricSources): readonly Family[] {
  return [
    {
      name: 'connections_total',
      help: 'Connections accepted (leg downstream) and dialled (leg upstream) since the start, TLS handshakes included, by result.',
      labels: ['leg', 'proto', 'result'],
      samples: () => [
        ...nested('leg', 'proto', counts.established, { result: 'success' }),
        ...nested('leg', 'proto', counts.failed, { result: 'failure' }),
      ],
    },
    {
      name: 'connection_failures_total',
      help: 'Why accepts and dials failed: connections_total with result failure, by reason.',
      labels: ['leg', 'reason'],
      samples: () => nested('leg', 'reason', counts.failures),
    },
    {
      name: 'connection_closes_total',
      help: 'Why established connections ended. link_closed: the other connection of the link was the one to end.',
      labels: ['leg', 'reason'],
      samples: () => nested('leg', 'reason', counts.closes),
    },
    {
      name: 'bytes_total',
      help: 'Bytes read, up (towards the next hop) and down; all of them are passed on unless the link ends first.',
      labels: ['direction'],
      samples: () => labelled('direction', Object.entries(counts.bytes)),
    },
    {
      name: 'stray_bytes_total',
      help: 'Bytes of CRLFs between messages: passed on, no error, but a sign of an odd endpoint.',
      labels: ['direction'],
      samples: () => labelled('direction', Object.entries(counts.strayBytes)),
    },
    {
      name: 'requests_total',
      help: 'Complete MSRP requests (each chunk of a message is one) by method; other: any method without a series.',
      labels: ['direction', 'method'],
      samples: () => nested('direction', 'method', counts.requests),
    },
    {
      name: 'responses_total',
      help: 'Complete MSRP responses by status code; other: any code that is not registered.',
      labels: ['direction', 'code'],
      samples: () => nested('direction', 'code', counts.responses),
    },
    {
      name: 'parse_errors_total',
      help: 'Reads whose bytes were not MSRP, by what was wrong first. on_parse_error says what then happens to the link.',
      labels: ['reason'],
      samples: () => labelled('reason', counts.parseErrors),
    },
    {
      name: 'filter_decisions_total',
      help: 'Connections by what trace_filter_route decided; whatever is no drop is traced.',
      labels: ['decision'],
      samples: () => labelled('decision', Object.entries(sources.filterDecisions())),
    },
    {
      name: 'hep_packets_total',
      help: 'HEP packets: sent (handed to the network), dropped (the queue was full), failed (could not be sent). maybe: those of sent that a broken connection may have lost.',
      labels: ['destination', 'result'],
      samples: () => hepPackets(sources),
    },
    {
      name: 'observer_errors_total',
      help: 'Errors inside tracing and metrics that were caught on the way; proxying went on. Anything but 0 is a bug to report.',
      samples: () => single(sources.observerErrors()),
    },
    {
      name: 'log_lines_dropped_total',
      help: 'Log lines lost because whoever reads the log is too slow.',
      samples: () => single(sources.logLinesDropped()),
    },
  ];
}

export function gaugeFamilies(counts: Counts, sources: MetricSources, version: string): readonly Family[] {
  return [
    {
      name: 'connections',
      help: 'Open connections: accepted ones (leg downstream) and those to next hops (leg upstream).',
      labels: ['leg', 'proto'],
      samples: () => nested('leg', 'proto', counts.open),
    },
    {
      name: 'max_connections',
      help: 'limits.max_connections: how many accepted connections may be open at once.',
      samples: () => single(sources.maxConnections()),
    },
    {
      name: 'trace_on',
      help: '1 while tracing is on (trace_on, msrp_trace), 0 while it is off.',
      samples: () => single(Number(sources.traceOn())),
    },
    {
      name: 'hep_queue_bytes',
      help: 'Bytes of HEP packets that wait for the destination.',
      labels: ['destination'],
      samples: () => sources.hep().map(({ name, queueBytes }) => [{ destination: name }, queueBytes]),
    },
    {
      name: 'hep_connected',
      help: '1 while the HEP destination can be sent to (for udp: its name is resolved), 0 while it cannot.',
      labels: ['destination'],
      samples: () => sources.hep().map(({ name, connected }) => [{ destination: name }, Number(connected)]),
    },
    {
      name: 'build_info',
      help: 'Always 1; the labels tell the version of msrptap and of Node.js.',
      labels: ['version', 'node'],
      samples: () => [[{ version, node: process.versions.node }, 1]],
    },
  ];
}

function* hepPackets(sources: MetricSources): Generator<readonly [Labels, number]> {
  for (const { name: destination, ...figures } of sources.hep()) {
    for (const result of ['sent', 'dropped', 'failed', 'maybe'] as const) {
      yield [{ destination, result }, figures[result]];
    }
  }
}

function single(value: number): Samples {
  return [[{}, value]];
}

function* labelled(label: string, values: Iterable<[string, number]>): Generator<readonly [Labels, number]> {
  for (const [value, count] of values) yield [{ [label]: value }, count];
}

function* nested(
  outer: string,
  inner: string,
  counts: Readonly<Record<string, Iterable<[string, number]>>>,
  common: Labels = {},
): Generator<readonly [Labels, number]> {
  for (const [key, values] of Object.entries(counts)) {
    for (const [value, count] of values) yield [{ [outer]: key, [inner]: value, ...common }, count];
  }
}
