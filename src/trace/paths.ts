import type { ConnectionFacts, Direction, FailedAttempt, Leg } from '../events.js';
import { UNSPECIFIED, type Endpoint } from '../lib/address.js';

/**
 * The way a mirrored message is shown to have gone: `through`, from far socket to far socket as on an unbroken wire, or
 * over one of the two connections.
 */
export type Path = 'through' | Leg;

/** `unknown`: the next hop is still being dialled; `none`: that connection never came to be. */
export type PathFlow<Flow> = Flow | 'unknown' | 'none';

type Ends = readonly [source: Endpoint, destination: Endpoint];

/** The flows of one path; null: not needed yet. */
class BothWays<Flow> {
  up: Flow | null = null;
  down: Flow | null = null;
}

const NOWHERE = { near: UNSPECIFIED, far: UNSPECIFIED };

/** The fixed packet parts of a link's messages, made when first needed and kept. */
export class Paths<Flow extends object> {
  readonly #downstream: ConnectionFacts;
  readonly #make: (source: Endpoint, destination: Endpoint) => Flow;
  readonly #flows: Record<Path, BothWays<Flow> | null> = { through: null, downstream: null, upstream: null };
  #upstream: { readonly near: Endpoint; readonly far: Endpoint } | null = null;
  #upstreamStands = false;

  constructor(downstream: ConnectionFacts, make: (source: Endpoint, destination: Endpoint) => Flow) {
    this.#downstream = downstream;
    this.#make = make;
  }

  upstreamConnected(upstream: ConnectionFacts): void {
    this.#upstream = upstream;
    this.#upstreamStands = true;
  }

  /** What was read for it is shown on its way to where it was meant to go. */
  upstreamFailed(attempt: FailedAttempt): void {
    this.#upstream = attempt;
  }

  /** The link has ended: where no next hop was ever dialled, what was read for one is shown on its way to nowhere. */
  ended(): void {
    this.#upstream ??= NOWHERE;
  }

  /** The flow, if it was asked for before. Not looked up by the direction's name, for this is done for every message. */
  known(path: Path, direction: Direction): Flow | null {
    const flows = this.#flows[path];
    return flows === null ? null : direction === 'up' ? flows.up : flows.down;
  }

  flow(path: Path, direction: Direction): PathFlow<Flow> {
    const known = this.known(path, direction);
    if (known !== null) return known;
    const ends = this.#ends(path);
    if (typeof ends === 'string') return ends;
    const [left, right] = ends;
    const flows = (this.#flows[path] ??= new BothWays());
    if (direction === 'up') return (flows.up = this.#make(left, right));
    return (flows.down = this.#make(right, left));
  }

  /** From the downstream end to the upstream end. */
  #ends(path: Path): Ends | 'unknown' | 'none' {
    const downstream = this.#downstream;
    if (path === 'downstream') return [downstream.far, downstream.near];
    const upstream = this.#upstream;
    if (upstream === null) return 'unknown';
    if (path === 'through') return [downstream.far, upstream.far];
    return this.#upstreamStands ? [upstream.near, upstream.far] : 'none';
  }
}
