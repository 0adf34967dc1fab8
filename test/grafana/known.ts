/** What msrptap exposes, by its code: the metrics, their labels and the values that those can have. */
import { Registry, collectDefaultMetrics } from 'prom-client';
import { CONTROL_FAMILIES, TRAFFIC_FAMILIES, type TrafficFamily } from '#src/control/metric-families.js';
import { LIMITS } from '#src/control/families/limit-families.js';
import { METHODS, PROTOS, REASON_CODES, STATUS_CODES } from '#src/control/label-sets.js';
import { CONTENTS, RESULTS as TRANSFER_RESULTS, UNWATCHED } from '#src/sessions/kinds.js';
import type { State } from '#src/sessions/session-row.js';
import { PARSE_ERRORS } from '#src/msrp/parse-errors.js';
import { NO_DECISIONS, NO_MESSAGE_DECISIONS } from '#src/trace/filter-outcomes.js';

/** Those that Prometheus adds to all it scrapes. */
export const SCRAPED = ['job', 'instance'];

/** All of msrptap's own. */
export const FAMILIES: readonly Family[] = [...TRAFFIC_FAMILIES, ...CONTROL_FAMILIES];

type Family = Pick<TrafficFamily, 'name' | 'type' | 'labels'>;

/** Labels by metric: msrptap's, Node's own, and Prometheus' `up`. */
export const KNOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ...FAMILIES.flatMap(seriesOf).map(({ name, labels }) => named(name, labels)),
  ...nodesOwn().map((name) => named(name, [])),
  named('up', []),
]);

const VALUES: Readonly<Record<string, readonly string[]>> = {
  leg: ['downstream', 'upstream'],
  direction: ['up', 'down'],
  proto: PROTOS,
  method: METHODS,
  code: STATUS_CODES,
  content: CONTENTS,
  limit: LIMITS,
  state: ['flowing', 'stalled', 'one_sided'] satisfies readonly State[],
  what: UNWATCHED,
  job: ['msrptap'],
};

const DECISIONS: Readonly<Record<string, readonly string[]>> = {
  msrptap_filter_decisions_total: Object.keys(NO_DECISIONS),
  msrptap_message_filter_decisions_total: Object.keys(NO_MESSAGE_DECISIONS),
};

const RESULTS: Readonly<Record<string, readonly string[]>> = {
  msrptap_hep_packets_total: ['sent', 'dropped', 'failed', 'maybe'],
  msrptap_transfers_total: TRANSFER_RESULTS,
  msrptap_hep_input_packets_total: ['learnt', 'passed', 'refused', 'malformed', 'dropped'],
};

/** The values that a label of a metric can have; null: any. */
export function valuesOf(metric: string, label: string): readonly string[] | null {
  if (label === 'result') return RESULTS[metric] ?? ['success', 'failure'];
  if (label === 'reason') return metric === 'msrptap_parse_errors_total' ? Object.keys(PARSE_ERRORS) : REASON_CODES;
  if (label === 'decision') return DECISIONS[metric] ?? [];
  return VALUES[label] ?? null;
}

/** What a query can ask a family for: of a histogram that is not its name. */
export function seriesOf({ name, type, labels = [] }: Family): readonly Series[] {
  const full = `msrptap_${name}`;
  if (type !== 'histogram') return [{ name: full, labels }];
  return [
    { name: `${full}_bucket`, labels: [...labels, 'le'] },
    { name: `${full}_sum`, labels },
    { name: `${full}_count`, labels },
  ];
}

interface Series {
  readonly name: string;
  readonly labels: readonly string[];
}

function nodesOwn(): readonly string[] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry.getMetricsAsArray().map(({ name }) => name);
}

function named(name: string, labels: readonly string[]): readonly [string, readonly string[]] {
  return [name, [...SCRAPED, ...labels]];
}
