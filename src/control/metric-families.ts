/** The metrics as Prometheus sees them: names, labels, help texts, and where each figure comes from. */
import type { Counts } from './counts.js';
import type { Labels, Samples } from './figures.js';
import type { Histograms } from './histograms.js';

/** What one HEP destination has to tell. Counts are packets since the start. */
export interface HepFigures {
  readonly name: string;
  readonly sent: number;
  readonly dropped: number;
  readonly failed: number;
  readonly maybe: number;
  /** Of those dropped: messages that hep_max_rate left out. */
  readonly thinned: number;
  readonly queueBytes: number;
  readonly connected: number | boolean;
  /** Packets on disk; null: there is no spool. */
  readonly spool: SpoolFigures | null;
}

export interface SpoolFigures {
  readonly bytes: number;
  readonly packets: number;
  readonly dropped: number;
  readonly torn: number;
  readonly errors: number;
}

/** What a next hop of the configuration has to tell. Counts are dials since the start. */
export interface UpstreamFigures {
  readonly name: string;
  readonly up: boolean;
  readonly succeeded: number;
  readonly failed: number;
}

/** What others count where traffic is carried. */
export interface TrafficSources {
  /** Decisions of the filter route by outcome: a closed set, all of it from the start. */
  filterDecisions(): Readonly<Record<string, number>>;
  /** Of the filter's export `message`, likewise. */
  messageFilterDecisions(): Readonly<Record<string, number>>;
  hep(): readonly HepFigures[];
  /** Of the TLS domains that have a certificate; `expiresAt` in seconds since 1970. */
  tlsCertificates(): readonly { readonly side: string; readonly domain: string; readonly expiresAt: number }[];
  upstreams(): readonly UpstreamFigures[];
  /** Transactions that are watched now. */
  transactionsOpen(): number;
  /** What observers threw. */
  observerErrors(): number;
  /** Lines that found the log's buffer full. */
  logLinesDropped(): number;
  /** Of this process. */
  usage(): { readonly worker: string; readonly cpuSeconds: number; readonly residentBytes: number };
}

/** What is known of the whole. */
export interface ControlSources {
  /** Of this program, for build_info. */
  readonly version: string;
  traceOn(): boolean;
  maxConnections(): number;
  /** Processes that carry traffic, and how often one was replaced. */
  workers(): { readonly alive: number; readonly restarts: number };
  correlations(): CorrelationFigures;
  /** Packets of hep_input by what became of them: a closed set, all of it from the start. */
  hepInput(): Readonly<Record<string, number>>;
  /** HTTP requests refused so far, by why. */
  httpRefused(): Readonly<Record<string, number>>;
}

/** Which SIP calls sessions are of. */
export interface CorrelationFigures {
  /** Those that are known. */
  readonly size: number;
  /** Since the start, by who told them: a closed set. */
  readonly learnt: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly forgotten: number;
}

interface Family {
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

export const TRAFFIC_FAMILIES: readonly TrafficFamily[] = [
  {
    name: 'connections_total',
    type: 'counter',
    help: 'Connections accepted (leg downstream) and dialled (leg upstream) since the start, TLS handshakes included, by result.',
    labels: ['leg', 'proto', 'result'],
    samples: (counts) => [
      ...nested('leg', 'proto', counts.established, { result: 'success' }),
      ...nested('leg', 'proto', counts.failed, { result: 'failure' }),
    ],
  },
  {
    name: 'connection_failures_total',
    type: 'counter',
    help: 'Why accepts and dials failed: connections_total with result failure, by reason.',
    labels: ['leg', 'reason'],
    samples: (counts) => nested('leg', 'reason', counts.failures),
  },
  {
    name: 'connection_closes_total',
    type: 'counter',
    help: 'Why established connections ended. link_closed: the other connection of the link was the one to end.',
    labels: ['leg', 'reason'],
    samples: (counts) => nested('leg', 'reason', counts.closes),
  },
  {
    name: 'bytes_total',
    type: 'counter',
    help: 'Bytes read, up (towards the next hop) and down; all of them are passed on unless the link ends first.',
    labels: ['direction'],
    samples: (counts) => labelled('direction', Object.entries(counts.bytes)),
  },
  {
    name: 'stray_bytes_total',
    type: 'counter',
    help: 'Bytes of CRLFs between messages: passed on, no error, but a sign of an odd endpoint.',
    labels: ['direction'],
    samples: (counts) => labelled('direction', Object.entries(counts.strayBytes)),
  },
  {
    name: 'requests_total',
    type: 'counter',
    help: 'Complete MSRP requests (each chunk of a message is one) by method; other: any method without a series.',
    labels: ['direction', 'method'],
    samples: (counts) => nested('direction', 'method', counts.requests),
  },
  {
    name: 'responses_total',
    type: 'counter',
    help: 'Complete MSRP responses by status code; other: any code that is not registered.',
    labels: ['direction', 'code'],
    samples: (counts) => nested('direction', 'code', counts.responses),
  },
  {
    name: 'transaction_duration_seconds',
    type: 'histogram',
    help: 'From the last byte of a request to the last of its response, as seen here, by method. Of requests to which a response is due; 0 for a response that came first.',
    labels: ['method'],
    samples: (counts) => distributions('method', counts.transactions),
  },
  {
    name: 'transactions_timed_out_total',
    type: 'counter',
    help: 'Requests that got no response within transaction_timeout, by their direction.',
    labels: ['direction', 'method'],
    samples: (counts) => nested('direction', 'method', counts.timedOut),
  },
  {
    name: 'transactions_unwatched_total',
    type: 'counter',
    help: 'Requests that were not watched because too many were open, on their link or in all.',
    samples: (counts) => single(counts.unwatched),
  },
  {
    name: 'transactions_open',
    type: 'gauge',
    help: 'Requests whose response is due and has not come, those that are still arriving included.',
    samples: (_counts, sources) => single(sources.transactionsOpen()),
  },
  {
    name: 'upstream_up',
    type: 'gauge',
    help: '1 while the last dial of the next hop succeeded, and before the first; 0 while it failed. With several workers: in all of them. An upstream is one of the configuration.',
    merge: 'min',
    labels: ['upstream'],
    samples: (_counts, sources) => sources.upstreams().map(({ name, up }) => [{ upstream: name }, Number(up)]),
  },
  {
    name: 'upstream_dials_total',
    type: 'counter',
    help: 'Dials of the next hops of the configuration, by result.',
    labels: ['upstream', 'result'],
    samples: (_counts, sources) => upstreamDials(sources),
  },
  {
    name: 'parse_errors_total',
    type: 'counter',
    help: 'Reads whose bytes were not MSRP, by what was wrong first. on_parse_error says what then happens to the link.',
    labels: ['reason'],
    samples: (counts) => labelled('reason', counts.parseErrors),
  },
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
    name: 'observer_errors_total',
    type: 'counter',
    help: 'Errors inside tracing and metrics that were caught on the way; proxying went on. Anything but 0 is a bug to report.',
    samples: (_counts, sources) => single(sources.observerErrors()),
  },
  {
    name: 'log_lines_dropped_total',
    type: 'counter',
    help: 'Log lines lost because whoever reads the log is too slow.',
    samples: (_counts, sources) => single(sources.logLinesDropped()),
  },
  {
    name: 'connections',
    type: 'gauge',
    help: 'Open connections: accepted ones (leg downstream) and those to next hops (leg upstream).',
    labels: ['leg', 'proto'],
    samples: (counts) => nested('leg', 'proto', counts.open),
  },
  {
    name: 'hep_queue_bytes',
    type: 'gauge',
    help: 'Bytes of HEP packets that wait for the destination.',
    labels: ['destination'],
    samples: (_counts, sources) => sources.hep().map(({ name, queueBytes }) => [{ destination: name }, queueBytes]),
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
    name: 'hep_connected',
    type: 'gauge',
    help: '1 while the HEP destination can be sent to (for udp: its name is resolved), 0 while it cannot; with several workers, while every one of them can.',
    merge: 'min',
    labels: ['destination'],
    samples: (_counts, sources) =>
      sources.hep().map(({ name, connected }) => [{ destination: name }, Number(connected)]),
  },
  {
    name: 'tls_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'When the certificate in force ends, or one above it in its file, by TLS domain (side server: server_domain, client: client_domain). Seconds since 1970; with several workers, the earliest.',
    merge: 'min',
    labels: ['side', 'domain'],
    samples: (_counts, sources) =>
      sources.tlsCertificates().map(({ side, domain, expiresAt }) => [{ side, domain }, expiresAt]),
  },
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
];

export const CONTROL_FAMILIES: readonly ControlFamily[] = [
  {
    name: 'max_connections',
    type: 'gauge',
    help: 'limits.max_connections: how many accepted connections may be open at once, over all workers.',
    samples: (sources) => single(sources.maxConnections()),
  },
  {
    name: 'trace_on',
    type: 'gauge',
    help: '1 while tracing is on (trace_on, msrp_trace), 0 while it is off.',
    samples: (sources) => single(Number(sources.traceOn())),
  },
  {
    name: 'workers',
    type: 'gauge',
    help: 'Processes that carry traffic at this moment.',
    samples: (sources) => single(sources.workers().alive),
  },
  {
    name: 'worker_restarts_total',
    type: 'counter',
    help: 'Worker processes that ended by themselves and were to be replaced.',
    samples: (sources) => single(sources.workers().restarts),
  },
  {
    name: 'correlations',
    type: 'gauge',
    help: 'MSRP sessions whose SIP call is known, at most limits.correlations.',
    samples: (sources) => single(sources.correlations().size),
  },
  {
    name: 'correlations_learnt_total',
    type: 'counter',
    help: 'MSRP sessions whose SIP call became known, by who told: mi (msrptap:correlate), sip (hep_input).',
    labels: ['from'],
    samples: (sources) => labelled('from', Object.entries(sources.correlations().learnt)),
  },
  {
    name: 'correlations_refused_total',
    type: 'counter',
    help: 'Times that SIP named a session which is of another call already, as the second leg of a back-to-back user agent does.',
    samples: (sources) => single(sources.correlations().refused),
  },
  {
    name: 'correlations_forgotten_total',
    type: 'counter',
    help: 'MSRP sessions whose SIP call was forgotten before its time, because there were more than limits.correlations.',
    samples: (sources) => single(sources.correlations().forgotten),
  },
  {
    name: 'hep_input_packets_total',
    type: 'counter',
    help: 'Packets of hep_input: learnt (SIP with the path of an MSRP session), passed (any other HEP), refused (who may not send), malformed, dropped (more than are read).',
    labels: ['result'],
    samples: (sources) => labelled('result', Object.entries(sources.hepInput())),
  },
  {
    name: 'http_refused_total',
    type: 'counter',
    help: 'HTTP requests refused: for their Host or Origin header, too many a second, a token that is missing or wrong.',
    labels: ['reason'],
    samples: (sources) => labelled('reason', Object.entries(sources.httpRefused())),
  },
  {
    name: 'build_info',
    type: 'gauge',
    help: 'Always 1; the labels tell the version of msrptap and of Node.js.',
    labels: ['version', 'node'],
    samples: (sources) => [[{ version: sources.version, node: process.versions.node }, 1]],
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

function* upstreamDials(sources: TrafficSources): Generator<readonly [Labels, number]> {
  for (const { name: upstream, succeeded, failed } of sources.upstreams()) {
    yield [{ upstream, result: 'success' }, succeeded];
    yield [{ upstream, result: 'failure' }, failed];
  }
}

function total(counts: Iterable<[string, number]>): number {
  let sum = 0;
  for (const [, count] of counts) sum += count;
  return sum;
}

function single(value: number): Samples {
  return [[{}, value]];
}

function* labelled(label: string, values: Iterable<[string, number]>): Generator<readonly [Labels, number]> {
  for (const [value, count] of values) yield [{ [label]: value }, count];
}

/** The parts of a histogram's exposition. */
function* distributions(label: string, histograms: Histograms<string>): Generator<readonly [Labels, number]> {
  for (const [value, { upTo, count, sum }] of histograms) {
    const own = { [label]: value };
    for (const [bound, below] of upTo) yield [{ ...own, part: 'bucket', le: String(bound) }, below];
    yield [{ ...own, part: 'bucket', le: '+Inf' }, count];
    yield [{ ...own, part: 'sum' }, sum];
    yield [{ ...own, part: 'count' }, count];
  }
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
