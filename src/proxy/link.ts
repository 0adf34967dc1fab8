import type { ConnectionFacts, Ending, Leg, LinkFacts, LinkObserver, NextHop, Read } from '../events.js';
import { formatHostPort } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import { REASONS, type Reason } from '../lib/reasons.js';
import { StallWatch, type Watched } from '../lib/stall-watch.js';
import type { Connection } from '../net/connection.js';
import type { DialFailure } from '../net/dial.js';
import { Flow, type FlowOwner } from './flow.js';
import { DRAIN_QUIET_MS, type LinkContext } from './options.js';
import type { Origination, OriginationOwner, Route, RouteFailure } from './route.js';

/** Why a link ends, and whose doing it was; culprit null: of no connection alone (a timeout of the link, a drain). */
interface Cause {
  readonly reason: Reason;
  readonly status: Ending['status'];
  readonly culprit: Leg | null;
  readonly detail: string;
}

/**
 * open: bytes pass, and ends are passed on. drained: a FIN of ours has gone both ways, nothing passes any more. cut: both
 * connections are reset, an upstream that is still being dialled as soon as it stands and has got what was held for it.
 */
type State = 'open' | 'drained' | 'cut';

/**
 * The two connections of one proxied flow, from the accept to the last close.
 *
 * Ends: a FIN is passed on as a FIN, and the link is over when both have been. Everything else (a failed dial, a reset, a
 * timeout, bytes that are not MSRP) resets both connections: the peer must not take a cut for an answer.
 */
export class Link implements LinkFacts, FlowOwner, OriginationOwner, Watched {
  readonly id: string;
  readonly nextHop: NextHop | null;
  readonly downstream: Connection;
  upstream: Connection | null = null;
  readonly #context: LinkContext;
  readonly #observer: LinkObserver;
  readonly #onEnded: (link: Link) => void;
  readonly #up: Flow;
  #down: Flow | null = null;
  /** Its way to its upstream connection; null once that stands, or never will. */
  #origination: Origination | null;
  #release: (() => void) | null = null;
  #state: State = 'open';
  #cause: Cause | null = null;
  /** Connections that have not closed. */
  #standing = 1;
  /** Until the first byte it waits for that. */
  #quiet: StallWatch;
  #halfClosed: StallWatch | null = null;
  #drainQuiet: StallWatch | null = null;

  constructor(
    id: string,
    route: Route,
    downstream: Connection,
    context: LinkContext,
    observe: (link: LinkFacts) => LinkObserver,
    onEnded: (link: Link) => void,
  ) {
    this.id = id;
    this.nextHop = route.fixed;
    this.downstream = downstream;
    this.#context = context;
    this.#onEnded = onEnded;
    this.#quiet = new StallWatch(firstTimeout(context), this);
    this.#up = new Flow('up', downstream, context, this);
    this.#observer = observe(this);
    this.#origination = route.originate(downstream, this);
    downstream.open(this.#up);
    this.#quiet.arm();
  }

  /** Ends the link at a message boundary, once it is quiet. */
  drain(): void {
    if (this.#state !== 'open' || this.#drainQuiet !== null) return;
    this.#drainQuiet = new StallWatch(DRAIN_QUIET_MS, this);
    this.#drainQuiet.arm();
  }

  /** Ends the link at once. */
  cut(reason: Reason, status: Ending['status']): void {
    this.#end({ reason, status, culprit: null, detail: REASONS[reason] });
    this.#reset();
    this.#origination?.abort('link_closed');
  }

  onBytes(flow: Flow, buffer: Buffer): void {
    // Data that crosses the FIN of a drain gets the RST that a closed socket gives.
    if (this.#state !== 'open') {
      this.#reset();
      return;
    }
    // It is the first of that connection.
    if (flow.from.bytesIn === buffer.length) this.#heard();
    try {
      flow.read(buffer);
    } catch (error) {
      // What a peer sends must not end the process: a fault in here costs one link, and is told.
      this.#fail('internal_error', null, messageOf(error));
    }
  }

  onRead(read: Read): void {
    this.#observer.read(read);
    this.#origination?.onRead(read);
  }

  onParseError(flow: Flow, reason: Reason, detail: string): void {
    this.#fail(reason, flow.from.leg, detail);
  }

  onChunkLimit(flow: Flow): void {
    this.#fail('max_msg_chunks', flow.from.leg, REASONS.max_msg_chunks);
  }

  onFin(flow: Flow): void {
    this.#cause ??= {
      reason: 'peer_closed',
      status: 'SUCCESS',
      culprit: flow.from.leg,
      detail: REASONS.peer_closed,
    };
    flow.end();
    if (this.#origination?.onReadEnd(false) === true) this.#endUnrouted();
    if (this.#up.fromEnded && this.#down?.fromEnded === true) return;
    this.#halfClosed ??= new StallWatch(this.#context.half_close_timeout, this);
    this.#halfClosed.arm();
  }

  onTakes(flow: Flow): void {
    if (flow === this.#up) this.#down?.drained();
    else this.#up.drained();
  }

  onMessageStalled(flow: Flow): void {
    this.#fail('message_timeout', flow.from.leg, `no byte for ${this.#context.message_timeout} ms`);
  }

  onBroken(flow: Flow, reason: Reason, detail: string): void {
    this.#fail(reason, flow.from.leg, detail);
  }

  onGone({ from }: Flow): void {
    this.#observer.closed(from, this.#endingOf(from));
    this.#standing -= 1;
    this.#endIfOver();
  }

  /** Moves with every octet read or taken. */
  progress(): number {
    const { downstream, upstream } = this;
    return octets(downstream) + (upstream === null ? 0 : octets(upstream));
  }

  stalled(watch: StallWatch): void {
    if (watch === this.#drainQuiet) this.#drainOrWait();
    else if (watch !== this.#quiet) this.cut('half_close_timeout', 'FAILURE');
    else this.cut(this.#isMute ? 'first_byte_timeout' : 'idle_timeout', 'FAILURE');
  }

  /** Nobody has said anything, and that is what is waited for. */
  get #isMute(): boolean {
    const { downstream, upstream } = this;
    return (
      downstream.bytesIn + (upstream?.bytesIn ?? 0) === 0 && firstTimeout(this.#context) !== this.#context.idle_timeout
    );
  }

  /** Somebody has said something: from here on the link may be quiet for longer. */
  #heard(): void {
    const { idle_timeout } = this.#context;
    if (firstTimeout(this.#context) === idle_timeout) return;
    this.#quiet.disarm();
    this.#quiet = new StallWatch(idle_timeout, this);
    this.#quiet.arm();
  }

  onConnection(upstream: Connection, release: (() => void) | null): void {
    this.#origination = null;
    this.#release = release;
    this.#standing += 1;
    this.upstream = upstream;
    this.#observer.connected(upstream);
    const down = new Flow('down', upstream, this.#context, this);
    this.#down = down;
    upstream.open(down);
    down.attach(this.downstream);
    this.#up.attach(upstream);
    if (this.#state === 'cut') this.#reset();
  }

  onAttemptFailed(nextHop: NextHop, failure: DialFailure, isLast: boolean): void {
    this.#observer.connectFailed({
      ...failure,
      link: this.id,
      leg: 'upstream',
      proto: nextHop.proto,
      name: formatHostPort(nextHop),
      isLast,
    });
  }

  onFailed({ reason, detail, culprit }: RouteFailure): void {
    this.#origination = null;
    this.#fail(reason, culprit, detail);
    this.#endIfOver();
  }

  /** The client has ended before it said where it wants to go. */
  #endUnrouted(): void {
    this.#origination = null;
    if (this.#up.atBoundary) this.downstream.end();
    else this.#fail('to_path_invalid', 'downstream', 'ended before its first request was there');
  }

  #drainOrWait(): void {
    const atBoundary = this.#up.atBoundary && this.#down?.atBoundary !== false && this.#origination === null;
    if (!atBoundary || this.downstream.backlog > 0 || (this.upstream?.backlog ?? 0) > 0) {
      this.#drainQuiet?.arm();
      return;
    }
    this.#end({ reason: 'drained', status: 'SUCCESS', culprit: null, detail: REASONS.drained });
    this.#state = 'drained';
    this.downstream.end();
    this.upstream?.end();
  }

  #fail(reason: Reason, culprit: Leg | null, detail: string): void {
    this.#end({ reason, status: 'FAILURE', culprit, detail });
    this.#reset();
  }

  /** The cause of the end. One that ends an open link holds; a clean half-close may still turn into something else. */
  #end(cause: Cause): void {
    if (this.#state === 'open') this.#cause = cause;
  }

  #reset(): void {
    this.#state = 'cut';
    this.#up.stop();
    this.#down?.stop();
    if (this.#origination?.onReadEnd(true) === true) this.#origination = null;
    this.upstream?.reset();
    this.downstream.reset();
  }

  #endingOf({ leg, firstToClose }: Connection): Ending {
    const { reason, status, culprit, detail } = this.#cause ?? {
      reason: 'socket_error',
      status: 'FAILURE',
      culprit: leg,
      detail: 'closed without a reason',
    };
    const at = nowMicros();
    const by = firstToClose ?? 'near';
    if (culprit === null || culprit === leg) return { reason, status, by, detail, at };
    // It did nothing wrong: it was closed for the other's sake, unless its own peer had ended it already.
    const own = by === 'far' ? 'peer_closed' : 'link_closed';
    return { reason: own, status, by, detail: REASONS[own], at };
  }

  #endIfOver(): void {
    if (this.#standing > 0 || this.#origination !== null) return;
    this.#quiet.disarm();
    this.#halfClosed?.disarm();
    this.#drainQuiet?.disarm();
    this.#up.over();
    this.#down?.over();
    this.#release?.();
    this.#observer.ended();
    this.#onEnded(this);
  }
}

/** Milliseconds that a link may be quiet at first. */
function firstTimeout({ first_byte_timeout, idle_timeout }: LinkContext): number {
  if (first_byte_timeout === 0) return idle_timeout;
  return idle_timeout === 0 ? first_byte_timeout : Math.min(first_byte_timeout, idle_timeout);
}

function octets(connection: ConnectionFacts & { readonly backlog: number }): number {
  return connection.bytesIn + connection.bytesOut - connection.backlog;
}
