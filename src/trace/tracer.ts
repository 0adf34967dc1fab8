import type { FailedAttempt, LinkFacts, LinkObserver, Observer } from '../events.js';
import type { PacketFlow } from '../hep/packet.js';
import type { Endpoint } from '../lib/address.js';
import { encodeEvent, failed } from './event-payload.js';
import type { RouteInput } from './filter-route.js';
import { LinkTrace } from './link-trace.js';
import type { MirrorRules } from './mirror.js';
import type { WaitingBudget } from './waiting-room.js';

/** The fixed part of the packets of one direction of one connection; only the exporter looks inside. */
export type { PacketFlow } from '../hep/packet.js';

/** Where packets go: hep/exporter.ts. */
export interface Exporter {
  flow(payloadType: number, source: Endpoint, destination: Endpoint): PacketFlow;
  send(flow: PacketFlow, timeMicros: number, correlationId: string, payload: readonly Buffer[]): void;
  countDropped(packets: number): void;
  discard(): void;
}

/** trace_filter_route (trace/filter-thread.ts). */
export interface Filter {
  decide(input: RouteInput, done: (traced: boolean) => void): void;
}

export interface TracerOptions extends MirrorRules {
  readonly trace_on: 0 | 1;
  readonly trace_legs: 'through' | 'both';
  /** Milliseconds that an event waits for the first message of its link. */
  readonly correlation_wait: number;
  readonly hep_payload_type: { readonly events: number; readonly messages: number };
  readonly homer5_on: 0 | 1;
  readonly homer5_delim: string;
  /** Octets of packets that may wait, over all links, for a decision, an address or a session. */
  readonly waiting_bytes: number;
}

/** What the trace of a link needs of its tracer. */
export interface TracerCore extends WaitingBudget {
  readonly options: TracerOptions;
  readonly exporter: Exporter;
  readonly filter: Filter | null;
  /** Whether tracing is on now. */
  readonly on: boolean;
  /** Between the parts of a text event; null: events are JSON. */
  readonly delimiter: string | null;
}

/** Mirrors connections and messages to the exporter. Made only when there is a trace_destination. */
export class Tracer implements Observer, TracerCore {
  readonly options: TracerOptions;
  readonly exporter: Exporter;
  readonly filter: Filter | null;
  readonly delimiter: string | null;
  readonly #links = new Set<LinkTrace>();
  #on: boolean;
  #waitingBytes = 0;

  constructor(options: TracerOptions, exporter: Exporter, filter: Filter | null) {
    this.options = options;
    this.exporter = exporter;
    this.filter = filter;
    this.delimiter = options.homer5_on === 1 ? options.homer5_delim : null;
    this.#on = options.trace_on === 1;
  }

  get on(): boolean {
    return this.#on;
  }

  /** MI msrp_trace. Off: not one packet more, of those that wait neither. */
  set(on: boolean): void {
    if (this.#on === on) return;
    this.#on = on;
    if (on) return;
    for (const link of this.#links) this.turnedAway(link.discard());
    this.exporter.discard();
  }

  link(link: LinkFacts): LinkObserver {
    const trace = new LinkTrace(link, this, () => this.#links.delete(trace));
    this.#links.add(trace);
    return trace;
  }

  /** No route is asked: there is no connection that it could be asked about. */
  acceptFailed(attempt: FailedAttempt): void {
    if (!this.#on) return;
    const { payload, source, destination } = failed(attempt);
    const flow = this.exporter.flow(this.options.hep_payload_type.events, source, destination);
    this.exporter.send(flow, attempt.at, `conn-${attempt.link}`, [encodeEvent(payload, '', this.delimiter)]);
  }

  reserve(octets: number): boolean {
    if (this.#waitingBytes + octets > this.options.waiting_bytes) return false;
    this.#waitingBytes += octets;
    return true;
  }

  release(octets: number): void {
    this.#waitingBytes -= octets;
  }

  turnedAway(packets: number): void {
    if (packets > 0) this.exporter.countDropped(packets);
  }
}
