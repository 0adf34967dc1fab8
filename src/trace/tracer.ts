import type { FailedAttempt, LinkFacts, LinkObserver, Observer } from '../events.js';
import type { Exporter, Filter, TracerOptions } from './core.js';
import type { Correlations } from './correlations.js';
import { encodeEvent, failed, standingFor, type TraceEvent } from './event-payload.js';
import { FailureFloods } from './failure-floods.js';
import { Spots, type SpotTime } from './spots.js';
import { Terms, type Tracing } from './terms.js';

/** Mirrors connections and messages to the exporter. It observes only where there is a trace_destination. */
export class Tracer implements Observer, Tracing {
  readonly exporter: Exporter;
  readonly spots = new Spots();
  readonly correlations: Correlations;
  readonly failures = new FailureFloods(() => this.#terms.options.failure_events());
  /** Those of the links to come. */
  #terms: Terms;
  /** Those before a reload, which links still have. */
  readonly #former = new Set<Terms>();
  #on: boolean;
  #waitingBytes = 0;

  constructor(options: TracerOptions, exporter: Exporter, filter: Filter | null, correlations: Correlations) {
    this.exporter = exporter;
    this.correlations = correlations;
    this.#terms = new Terms(options, filter, this);
    this.#on = options.trace_on === 1;
    exporter.hold(!this.#on);
  }

  get on(): boolean {
    return this.#on;
  }

  /**
   * For the links to come; those that stand keep what they began with. The switch stays as it is.
   * @param onUnused called when no link has what was in force before any more
   */
  use(options: TracerOptions, filter: Filter | null, onUnused: () => void = () => {}): void {
    const before = this.#terms;
    this.#terms = new Terms(options, filter, this);
    this.#former.add(before);
    before.end(() => {
      this.#former.delete(before);
      onUnused();
    });
  }

  /** MI msrp_trace. Off: not one packet more, of those that wait neither; whatever is traced for a while ends too. */
  set(on: boolean): void {
    const wasActive = this.#on || this.spots.times.length > 0;
    this.#on = on;
    this.exporter.hold(!on);
    if (on || !wasActive) return;
    this.spots.clear();
    this.failures.clear();
    for (const { links } of this.#all()) for (const link of links) this.turnedAway(link.discard());
    this.exporter.discard();
  }

  /** MI msrptap:trace. Connections that stand already are traced from here on. */
  spot(time: SpotTime): void {
    this.spots.set(time);
    for (const { links } of this.#all()) for (const link of links) link.lookForSpot();
  }

  link(link: LinkFacts): LinkObserver {
    return this.#terms.link(link);
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
    const { eventFlow, delimiter } = this.#terms;
    const flow = eventFlow(source, destination);
    this.exporter.send(flow, at, `conn-${payload.Link}`, encodeEvent(payload, '', delimiter));
  }

  reserve(octets: number): boolean {
    if (this.#waitingBytes + octets > this.#terms.options.waiting_bytes) return false;
    this.#waitingBytes += octets;
    return true;
  }

  release(octets: number): void {
    this.#waitingBytes -= octets;
  }

  turnedAway(packets: number): void {
    if (packets > 0) this.exporter.countDropped(packets);
  }

  #all(): readonly Terms[] {
    return [...this.#former, this.#terms];
  }
}
