import type { ConnectionFacts, Leg, LinkFacts, Read } from '../events.js';
import { sessionIdOf } from '../msrp/uri.js';
import type { TracerCore } from './core.js';
import { routeInput } from './route-input.js';
import type { Spot } from './spots.js';

/**
 * Whether a connection is traced. `unopened`: it does not stand yet; `asked`: its route has not answered; `never`: tracing
 * was off when it was opened, or the route dropped it, or it never came to be.
 */
export type Decision = 'unopened' | 'asked' | 'traced' | 'never';

/** Whose packets are decided on. */
export interface DecisionsOwner {
  /** A route has answered. */
  decided(): void;
}

/** What is decided on the two connections of a link: by the switch, by the route, or for a while by msrptap:trace. */
export class Decisions {
  readonly #link: LinkFacts;
  readonly #tracer: TracerCore;
  readonly #owner: DecisionsOwner;
  /** These by switch and route. */
  #downstream: Decision = 'unopened';
  #upstream: Decision = 'unopened';
  /** Counts before the others, while it is not over. */
  #spot: Spot | null = null;

  constructor(link: LinkFacts, tracer: TracerCore, owner: DecisionsOwner) {
    this.#link = link;
    this.#tracer = tracer;
    this.#owner = owner;
  }

  /** What holds for packets at this moment. */
  of(leg: Leg): Decision {
    if (this.#isSpotted) return 'traced';
    if (!this.#tracer.on) return 'never';
    return leg === 'downstream' ? this.#downstream : this.#upstream;
  }

  /** Whether anything of this link may still be traced, were it switched on. */
  get matter(): boolean {
    return this.#isSpotted || this.#downstream !== 'never' || this.#upstream !== 'never';
  }

  /** Whether messages are mirrored at this moment: `through`, the downstream connection's decision counts. */
  get mirrorsMessages(): boolean {
    if (this.of('downstream') !== 'never') return true;
    return this.#tracer.options.trace_legs === 'both' && this.of('upstream') !== 'never';
  }

  /** A connection was opened: is it traced? The document: tracing must be on at that time. */
  open(connection: ConnectionFacts): void {
    const { leg } = connection;
    const { on, filter } = this.#tracer;
    this.lookForSpot();
    if (!on || filter === null) {
      this.#decide(leg, on ? 'traced' : 'never');
      return;
    }
    this.#decide(leg, 'asked');
    filter.decide(routeInput(this.#link, connection), (traced) => {
      this.#decide(leg, traced ? 'traced' : 'never');
      this.#owner.decided();
    });
  }

  /** There will be no upstream connection. */
  upstreamFailed(): void {
    this.#upstream = 'never';
  }

  /** Whether one of the connections is traced for a while. */
  lookForSpot(): void {
    if (this.#isSpotted) return;
    const { downstream, upstream } = this.#link;
    const { spots } = this.#tracer;
    this.#spot = spots.ofAddress(downstream.far) ?? (upstream === null ? null : spots.ofAddress(upstream.far));
  }

  /** Whether a session is, which is known by the session-id of either end: the looking may begin in its middle. */
  lookForSession({ pieces }: Read): void {
    const { spots } = this.#tracer;
    for (const { message } of pieces) {
      for (const path of [message.toPath, message.fromPath]) {
        if (this.#isSpotted) return;
        this.#spot = spots.ofSession(sessionIdOf(path.at(-1) ?? ''));
      }
    }
  }

  #decide(leg: Leg, decision: Decision): void {
    if (leg === 'downstream') this.#downstream = decision;
    else this.#upstream = decision;
  }

  get #isSpotted(): boolean {
    return this.#spot !== null && !this.#spot.isOver;
  }
}
