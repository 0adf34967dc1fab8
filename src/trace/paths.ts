import type { ConnectionFacts, Direction, Leg } from '../events.js';
import type { Endpoint } from '../lib/address.js';

/**
 * The way a mirrored message is shown to have gone: `through`, from far socket to far socket as on an unbroken wire, or
 * over one of the two connections.
 */
export type Path = 'through' | Leg;

/** `unknown`: the next hop is still being dialled; `none`: that connection never came to be. */
export type PathFlow<Flow> = Flow | 'unknown' | 'none';

type Ends = readonly [source: Endpoint, destination: Endpoint];

/** The fixed packet parts of a link's messages, made when first needed and kept. */
export class Paths<Flow extends object> {
  readonly #downstream: ConnectionFacts;
  readonly #make: (source: Endpoint, destination: Endpoint) => Flow;
  readonly #up: Partial<Record<Path, Flow>> = {};
  readonly #down: Partial<Record<Path, Flow>> = {};
  #upstream: { readonly near: Endpoint; readonly far: Endpoint; readonly stands: boolean } | null = null;

  constructor(downstream: ConnectionFacts, make: (source: Endpoint, destination: Endpoint) => Flow) {
    this.#downstream = downstream;
    this.#make = make;
  }

  upstreamConnected({ near, far }: ConnectionFacts): void {
    this.#upstream = { near, far, stands: true };
  }

  /** What was read for it is shown on its way to where it was meant to go. */
  upstreamFailed(near: Endpoint, far: Endpoint): void {
    this.#upstream = { near, far, stands: false };
  }

  flow(path: Path, direction: Direction): PathFlow<Flow> {
    // Not looked up by the direction's name: this is done for every message.
    const flows = direction === 'up' ? this.#up : this.#down;
    const known = flows[path];
    if (known !== undefined) return known;
    const ends = this.#ends(path);
    if (typeof ends === 'string') return ends;
    const [left, right] = ends;
    const flow = direction === 'up' ? this.#make(left, right) : this.#make(right, left);
    flows[path] = flow;
    return flow;
  }

  /** From the downstream end to the upstream end. */
  #ends(path: Path): Ends | 'unknown' | 'none' {
    const downstream = this.#downstream;
    if (path === 'downstream') return [downstream.far, downstream.near];
    const upstream = this.#upstream;
    if (upstream === null) return 'unknown';
    if (path === 'through') return [downstream.far, upstream.far];
    return upstream.stands ? [upstream.near, upstream.far] : 'none';
  }
}
