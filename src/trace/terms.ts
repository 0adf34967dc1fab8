import type { LinkFacts } from '../events.js';
import type { Exporter, Filter, MessageFilter, TracedLink, TracerCore, TracerOptions } from './core.js';
import type { Correlations } from './correlations.js';
import type { TraceEvent } from './event-payload.js';
import type { FailureFloods } from './failure-floods.js';
import { LinkTrace } from './link-trace.js';
import type { Spots } from './spots.js';
import type { WaitingBudget } from './waiting-room.js';

/** What is the same for all links, whenever they began. */
export interface Tracing extends WaitingBudget {
  readonly on: boolean;
  readonly exporter: Exporter;
  readonly spots: Spots;
  readonly correlations: Correlations;
  readonly failures: FailureFloods;
  sendCount(event: TraceEvent, at: number, count: number): void;
}

/** What the links are traced by that begin while it is in force. They keep it, whatever a reload brings. */
export class Terms implements TracerCore {
  readonly options: TracerOptions;
  readonly filter: Filter | null;
  readonly delimiter: string | null;
  readonly messageFlow: TracerCore['messageFlow'];
  readonly eventFlow: TracerCore['eventFlow'];
  readonly #tracing: Tracing;
  readonly #links = new Set<TracedLink>();
  #onUnused: (() => void) | null = null;

  constructor(options: TracerOptions, filter: Filter | null, tracing: Tracing) {
    const { events, messages } = options.hep_payload_type;
    const { flows } = tracing.exporter;
    this.options = options;
    this.filter = filter;
    this.delimiter = options.homer5_on === 1 ? options.homer5_delim : null;
    this.messageFlow = (source, destination) => flows.flow(messages, source, destination);
    this.eventFlow = (source, destination) => flows.flow(events, source, destination);
    this.#tracing = tracing;
  }

  get links(): ReadonlySet<TracedLink> {
    return this.#links;
  }

  get on(): boolean {
    return this.#tracing.on;
  }

  get exporter(): Exporter {
    return this.#tracing.exporter;
  }

  get spots(): Spots {
    return this.#tracing.spots;
  }

  get correlations(): Correlations {
    return this.#tracing.correlations;
  }

  get failures(): FailureFloods {
    return this.#tracing.failures;
  }

  sendCount(event: TraceEvent, at: number, count: number): void {
    this.#tracing.sendCount(event, at, count);
  }

  get messageFilter(): MessageFilter | null {
    return this.filter !== null && this.filter.judgesMessages ? this.filter : null;
  }

  link(link: LinkFacts): LinkTrace {
    const trace = new LinkTrace(link, this);
    this.#links.add(trace);
    return trace;
  }

  /** No further link is traced by it. @param onUnused called when none is any more */
  end(onUnused: () => void): void {
    this.#onUnused = onUnused;
    this.#lookWhetherUnused();
  }

  done(trace: TracedLink): void {
    this.#links.delete(trace);
    this.#lookWhetherUnused();
  }

  reserve(octets: number): boolean {
    return this.#tracing.reserve(octets);
  }

  release(octets: number): void {
    this.#tracing.release(octets);
  }

  turnedAway(packets: number): void {
    this.#tracing.turnedAway(packets);
  }

  #lookWhetherUnused(): void {
    if (this.#onUnused === null || this.#links.size > 0) return;
    const onUnused = this.#onUnused;
    this.#onUnused = null;
    onUnused();
  }
}
