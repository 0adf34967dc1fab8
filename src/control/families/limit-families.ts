/** The section `limits`: how often each was reached, and how much of it is in use where no other metric says so. */
import type { Reason } from '../../lib/reasons.js';
import type { ParseErrorKind } from '../../msrp/parse-errors.js';
import type { Counts } from '../counts.js';
import { labelled, single, type TrafficFamily } from './family.js';
import type { TrafficSources } from './sources.js';

/** Clients and links that a limit ends with a Reason of its own. */
const BY_REASON = {
  max_connections: 'max_connections',
  connections_per_source: 'connections_per_source',
  accept_rate: 'accept_rate',
  accept_rate_per_source: 'accept_rate_per_source',
  buffer: 'buffer_full',
  proxy_header_timeout: 'proxy_header_timeout',
  tls_handshake_timeout: 'tls_handshake_timeout',
  max_msg_chunks: 'max_msg_chunks',
  first_byte_timeout: 'first_byte_timeout',
  message_timeout: 'message_timeout',
  send_timeout: 'send_timeout',
  half_close_timeout: 'half_close_timeout',
  idle_timeout: 'idle_timeout',
  open_files: 'open_files',
  local_ports: 'local_ports',
} as const satisfies Readonly<Record<string, Reason>>;

/** Counted where they are found: on_parse_error: pass ends no link for them. */
const BY_PARSE_ERROR = {
  header_section: 'header_section_too_long',
  headers: 'too_many_headers',
  path_uris: 'path_too_long',
} as const satisfies Readonly<Record<string, ParseErrorKind>>;

/** What is not watched, forgotten or left out, and ends nothing. */
const WITHOUT_REASON = [
  'link_buffer',
  'sessions',
  'transfers',
  'deliveries',
  'transactions',
  'correlations',
  'failure_events',
  'hep_queue_bytes',
  'hep_max_rate',
  'hep_spool',
] as const;

/** The values of the label. */
export const LIMITS: readonly string[] = [...Object.keys(BY_REASON), ...Object.keys(BY_PARSE_ERROR), ...WITHOUT_REASON];

export const LIMIT_FAMILIES: readonly TrafficFamily[] = [
  {
    name: 'limits_reached_total',
    type: 'counter',
    help: 'How often a limit was reached, by its key in the configuration; open_files and local_ports are those of the system. docs/limits.md says what happens then.',
    labels: ['limit'],
    samples: (counts, sources) => labelled('limit', reached(counts, sources)),
  },
  {
    name: 'buffered_bytes',
    type: 'gauge',
    help: 'Bytes that were read and wait for slow readers, or for a next hop that is being dialled. limits.buffer bounds it.',
    samples: (_counts, sources) => single(sources.buffers().octets),
  },
];

function* reached(counts: Counts, sources: TrafficSources): Generator<[string, number]> {
  for (const [limit, reason] of Object.entries(BY_REASON)) yield [limit, ended(counts, reason)];
  for (const [limit, kind] of Object.entries(BY_PARSE_ERROR)) yield [limit, counts.parseErrors.of(kind)];
  yield* Object.entries(withoutReason(counts, sources));
}

/** Clients refused, dials that failed, and links cut: a limit of the link is the Reason of both connections, and counts once. */
function ended({ failures, closes }: Counts, reason: Reason): number {
  const refused = failures.downstream.of(reason) + failures.upstream.of(reason);
  return refused + Math.max(closes.downstream.of(reason), closes.upstream.of(reason));
}

function withoutReason(
  { sessions, unwatched }: Counts,
  sources: TrafficSources,
): Readonly<Record<(typeof WITHOUT_REASON)[number], number>> {
  const { session, transfer, delivery } = Object.fromEntries(sessions.unwatchedCounts);
  const hep = sources.hep();
  const spooled = sum(hep.map(({ spool }) => spool?.dropped ?? 0));
  return {
    link_buffer: sources.buffers().stops,
    sessions: session ?? 0,
    transfers: transfer ?? 0,
    deliveries: delivery ?? 0,
    transactions: unwatched,
    correlations: sources.correlationsForgotten(),
    failure_events: sources.failuresLeftOut(),
    hep_queue_bytes: sum(hep.map(({ dropped, thinned }) => dropped - thinned)) - spooled,
    hep_max_rate: sum(hep.map(({ thinned }) => thinned)),
    hep_spool: spooled,
  };
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
