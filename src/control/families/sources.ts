/** What metrics are told of, besides what is counted. */
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

/** Of closed sets, all of them from the start. */
export interface SessionTotals {
  readonly up: WayTotals;
  readonly down: WayTotals;
}

interface WayTotals {
  /** By content. */
  readonly bytes: Iterable<[string, number]>;
  readonly messages: Iterable<[string, number]>;
  readonly results: Iterable<[string, number]>;
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
  /** Sessions by their state: a closed set. */
  sessions(): Readonly<Record<string, number>>;
  /** What went in them since the start. */
  sessionTotals(): SessionTotals;
  /** Transactions that are watched now. */
  transactionsOpen(): number;
  /** What waits for slow readers, and how often one of them was full. */
  buffers(): { readonly octets: number; readonly stops: number };
  /** Because of limits.correlations. */
  correlationsForgotten(): number;
  /** Failures that a count tells of in place of an event each. */
  failuresLeftOut(): number;
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
  reloads(): ReloadFigures;
}

/** Reloads of the whole configuration. */
export interface ReloadFigures {
  readonly success: number;
  readonly failure: number;
  /** Whether the last one was; true before the first. */
  readonly isLastSuccessful: boolean;
  /** When one was, or msrptap was started; in seconds since 1970. */
  readonly lastSuccess: number;
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
