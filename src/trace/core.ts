import type { PacketFlow } from '../hep/packet.js';
import type { Endpoint } from '../lib/address.js';
import type { Correlations } from './correlations.js';
import type { TraceEvent } from './event-payload.js';
import type { FailureFloods } from './failure-floods.js';
import type { MessageQuestion } from './filter-message.js';
import type { MessageVerdict } from './filter-queue.js';
import type { RouteInput } from './filter-route.js';
import type { MirrorRules } from './mirror.js';
import type { Spots } from './spots.js';
import type { WaitingBudget } from './waiting-room.js';

/** The fixed part of the packets of one direction of one connection; only the exporter looks inside. */
export type { PacketFlow } from '../hep/packet.js';

/** Where packets go: hep/exporter.ts. */
export interface Exporter {
  /** What makes flows, as long as the identity in them is the same. */
  readonly flows: { flow(payloadType: number, source: Endpoint, destination: Endpoint): PacketFlow };
  send(flow: PacketFlow, timeMicros: number, correlationId: string, payload: Buffer): void;
  /** As send(), of what hep_max_rate may leave out. */
  sendMessage(flow: PacketFlow, timeMicros: number, correlationId: string, payload: Buffer): void;
  countDropped(packets: number): void;
  discard(): void;
  /** While tracing is off, what waits on disk stays there. */
  hold(isHeld: boolean): void;
}

/** trace_filter_route (trace/filter-thread.ts). */
export interface Filter extends MessageFilter {
  decide(input: RouteInput, done: (traced: boolean) => void): void;
  /** Whether messages are to be judged. It changes with the module. */
  readonly judgesMessages: boolean;
}

export interface MessageFilter {
  judge(question: MessageQuestion, done: (verdict: MessageVerdict) => void): void;
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
  /** Failures of one kind and no session that are told one by one in a second; the rest is told as a count. */
  readonly failure_events: () => number;
}

/** The trace of a link, as its tracer has it. */
export interface TracedLink {
  /** What waits is not sent any more. @returns how many packets they were */
  discard(): number;
  /** Something is traced for a while from now on, maybe this. */
  lookForSpot(): void;
}

/** What the trace of a link needs of its tracer. */
export interface TracerCore extends WaitingBudget {
  readonly options: TracerOptions;
  readonly exporter: Exporter;
  readonly filter: Filter | null;
  /** What says of each message how it is mirrored; null: nothing does at this moment. */
  readonly messageFilter: MessageFilter | null;
  /** Whether tracing is on now. */
  readonly on: boolean;
  /** What is traced although it is off. */
  readonly spots: Spots;
  readonly correlations: Correlations;
  /** Failures that belong to no session. */
  readonly failures: FailureFloods;
  /** Between the parts of a text event; null: events are JSON. */
  readonly delimiter: string | null;
  readonly messageFlow: (source: Endpoint, destination: Endpoint) => PacketFlow;
  /** Sends an event of no session that stands for `count` failures. */
  sendCount(event: TraceEvent, at: number, count: number): void;
  readonly eventFlow: (source: Endpoint, destination: Endpoint) => PacketFlow;
  /** Nothing waits in this trace any more, and its link has ended. */
  done(trace: TracedLink): void;
}
