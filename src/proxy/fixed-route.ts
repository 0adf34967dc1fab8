import type { NextHop } from '../events.js';
import { formatEndpoint } from '../lib/address.js';
import type { Reason } from '../lib/reasons.js';
import type { Connection } from '../net/connection.js';
import type { Dial, DialFailure } from '../net/dial.js';
import type { OwnSockets } from './own-sockets.js';
import { type Origination, type OriginationOwner, type Route, type RouteContext, dial } from './route.js';
import type { Upstream, UpstreamDial, UpstreamList } from './upstreams.js';

/**
 * Milliseconds after its accept in which a link may begin to dial another next hop: as long as a client waits for the
 * response to what it sent first [RFC 4975 §7.1].
 */
const FAILOVER_MS = 30_000;

/** The next hops of the configuration: each is tried as the one before fails. */
export class FixedRoute implements Route {
  readonly fixed: NextHop | null;
  readonly #list: UpstreamList;
  readonly #own: OwnSockets;
  readonly #context: RouteContext;

  constructor(list: UpstreamList, own: OwnSockets, context: RouteContext) {
    this.fixed = list.only;
    this.#list = list;
    this.#own = own;
    this.#context = context;
  }

  originate(downstream: Connection, owner: OriginationOwner): Origination {
    return new FixedOrigination(downstream, this.#list, this.#own, this.#context, owner);
  }
}

class FixedOrigination implements Origination {
  readonly #downstream: Connection;
  readonly #own: OwnSockets;
  readonly #context: RouteContext;
  readonly #owner: OriginationOwner;
  readonly #left: Upstream[];
  readonly #until = performance.now() + FAILOVER_MS;
  #dial: Dial | null = null;
  #isAborted = false;

  constructor(
    downstream: Connection,
    list: UpstreamList,
    own: OwnSockets,
    context: RouteContext,
    owner: OriginationOwner,
  ) {
    this.#downstream = downstream;
    this.#own = own;
    this.#context = context;
    this.#owner = owner;
    this.#left = list.inOrder(performance.now());
    this.#next();
  }

  onRead(): void {}

  onReadEnd(isCut: boolean): boolean {
    if (isCut) this.#left.length = 0;
    return false;
  }

  abort(reason: Reason): void {
    this.#isAborted = true;
    this.#dial?.abort(reason);
  }

  #next(): void {
    const upstream = this.#left.shift();
    if (upstream === undefined) return;
    const { connect_timeout, tls_handshake_timeout } = this.#context.options;
    const { nextHop } = upstream;
    const outcome = upstream.dial(performance.now(), connect_timeout + tls_handshake_timeout);
    this.#dial = dial(
      this.#downstream,
      {
        ...nextHop,
        refuse: (address) =>
          this.#own.has(address)
            ? { reason: 'loop', detail: `${formatEndpoint(address)} is a socket of its own` }
            : null,
      },
      this.#context,
      (connection) => {
        outcome.succeeded();
        this.#owner.onConnection(connection, null);
      },
      (failure) => this.#failed(nextHop, failure, outcome),
    );
  }

  #failed(nextHop: NextHop, failure: DialFailure, outcome: UpstreamDial): void {
    const now = performance.now();
    if (this.#isAborted) outcome.givenUp(now);
    else outcome.failed(now);
    const isLast = this.#isAborted || this.#left.length === 0 || now >= this.#until;
    this.#owner.onAttemptFailed(nextHop, failure, isLast);
    if (isLast) this.#owner.onFailed({ reason: failure.reason, detail: failure.detail, culprit: 'upstream' });
    else this.#next();
  }
}
