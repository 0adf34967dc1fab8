import type { FailedAttempt, LinkFacts, LinkObserver, Observer } from '../events.js';
import type { TracedLink, Exporter, Filter, MessageFilter, TracerCore, TracerOptions } from './core.js';
import type { Correlations } from './correlations.js';
import { encodeEvent, failed, standingFor, type TraceEvent } from './event-payload.js';
import { FailureFloods } from './failure-floods.js';
import { LinkTrace } from './link-trace.js';
import { Spots, type SpotTime } from './spots.js';

/** Mirrors connections and messages to the exporter. Made only when there is a trace_destination. */
export class Tracer implements Observer, TracerCore {
  readonly options: TracerOptions;
  readonly exporter: Exporter;
  readonly filter: Filter | null;
  readonly delimiter: string | null;
  readonly messageFlow: TracerCore['messageFlow'];
  readonly spots = new Spots();
  readonly correlations: Correlations;
  readonly failures: FailureFloods;
  readonly #links = new Set<TracedLink>();
  #on: boolean;
  #waitingBytes = 0;

  constructor(options: TracerOptions, exporter: Exporter, filter: Filter | null, correlations: Correlations) {
    this.options = options;
    this.exporter = exporter;
    this.filter = filter;
    this.correlations = correlations;
    this.failures = new FailureFloods(options.failure_events);
    const { messages } = options.hep_payload_type;
    this.messageFlow = (source, destination) => exporter.flow(messages, source, destination);
    this.delimiter = options.homer5_on === 1 ? options.homer5_delim : null;
    this.#on = options.trace_on === 1;
    exporter.hold(!this.#on);
  }

  get on(): boolean {
    return this.#on;
  }

  get messageFilter(): MessageFilter | null {
    return this.filter !== null && this.filter.judgesMessages ? this.filter : null;
  }

  /** MI msrp_trace. Off: not one packet more, of those that wait neither; whatever is traced for a while ends too. */
  set(on: boolean): void {
    const wasActive = this.#on || this.spots.times.length > 0;
    this.#on = on;
    this.exporter.hold(!on);
    if (on || !wasActive) return;
    this.spots.clear();
    this.failures.clear();
    for (const link of this.#links) this.turnedAway(link.discard());
    this.exporter.discard();
  }

  /** MI msrptap:trace. Connections that stand already are traced from here on. */
  spot(time: SpotTime): void {
    this.spots.set(time);
    for (const link of this.#links) link.lookForSpot();
  }

  link(link: LinkFacts): LinkObserver {
    const trace = new LinkTrace(link, this);
    this.#links.add(trace);
    return trace;
  }

  done(trace: TracedLink): void {
    this.#links.delete(trace);
  }

  /** No route is asked: there is no connection that it could be asked about. */
  acceptFailed(attempt: FailedAttempt): void {
    if (!this.#on && this.spots.ofAddress(attempt.far) === null) return;
    const event = failed(attempt);
    const { at, reason } = attempt;
    const isTold = this.failures.admit(`ACCEPTED ${reason}`, (count) => this.sendCount(event, at, count));
    if (isTold) this.#sendOfNoSession(event, at);
  }

  sendCount(event: TraceEvent, at: number, count: number): void {
    this.#sendOfNoSession(standingFor(event, count), at);
  }

  /** Tells now of the failures that are still to be told as a count. */
  flush(): void {
    this.failures.flush();
  }

  #sendOfNoSession({ payload, source, destination }: TraceEvent, at: number): void {
    const flow = this.exporter.flow(this.options.hep_payload_type.events, source, destination);
    this.exporter.send(flow, at, `conn-${payload.Link}`, encodeEvent(payload, '', this.delimiter));
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
