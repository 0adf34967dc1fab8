import type { ConnectionFacts, Ending, Leg, LinkFacts, LinkObserver, NextHop } from '../events.js';
import { formatHostPort } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import { REASONS, type Reason } from '../lib/reasons.js';
import { StallWatch } from '../lib/stall-watch.js';
import type { Connection, ConnectionHandler } from '../net/connection.js';
import { Dial, type DialContext } from '../net/dial.js';
import { Flow, type FlowOwner, type FlowRead } from './flow.js';
import { DRAIN_QUIET_MS, type LinkOptions } from './options.js';

/** Why a link ends, and whose doing it was; culprit null: of no connection alone (a timeout of the link, a drain). */
interface Cause {
  readonly reason: Reason;
  readonly status: Ending['status'];
  readonly culprit: Leg | null;
  readonly detail: string;
}

/**
 * The two connections of one proxied flow, from the accept to the last close.
 *
 * Ends: a FIN is passed on as a FIN, and the link is over when both have been. Everything else (a failed dial, a reset, a
 * timeout, bytes that are not MSRP) resets both connections: the peer must not take a cut for an answer.
 */
export class Link implements LinkFacts, FlowOwner {
  readonly id: string;
  readonly nextHop: NextHop;
  readonly downstream: Connection;
  upstream: Connection | null = null;
  readonly #options: LinkOptions;
  readonly #observer: LinkObserver;
  readonly #onEnded: (link: Link) => void;
  readonly #up: Flow;
  #down: Flow | null = null;
  readonly #dial: Dial;
  #dialling = true;
  #cause: Cause | null = null;
  #failed = false;
  #open = 1;
  readonly #idle: StallWatch;
  readonly #halfClosed: StallWatch;
  #drainQuiet: StallWatch | null = null;

  constructor(
    id: string,
    nextHop: NextHop,
    downstream: Connection,
    options: LinkOptions,
    context: DialContext,
    observe: (link: LinkFacts) => LinkObserver,
    onEnded: (link: Link) => void,
  ) {
    this.id = id;
    this.nextHop = nextHop;
    this.downstream = downstream;
    this.#options = options;
    this.#onEnded = onEnded;
    const moved = (): number => this.#moved();
    const timedOut = (reason: 'idle_timeout' | 'half_close_timeout'): StallWatch =>
      new StallWatch(options[reason], moved, () => this.#fail(reason, null, REASONS[reason]));
    this.#idle = timedOut('idle_timeout');
    this.#halfClosed = timedOut('half_close_timeout');
    this.#up = new Flow('up', downstream, options, this);
    this.#observer = observe(this);
    this.#dial = new Dial(
      nextHop,
      options,
      context,
      (connection) => this.#connected(connection),
      (failure) => {
        this.#dialling = false;
        this.#observer.connectFailed({
          ...failure,
          link: id,
          leg: 'upstream',
          proto: nextHop.proto,
          name: formatHostPort(nextHop),
        });
        this.#fail(failure.reason, 'upstream', failure.detail);
        this.#endIfOver();
      },
    );
    downstream.open(
      this.#handlerFor(
        downstream,
        () => this.#up,
        () => this.#down,
      ),
    );
    this.#idle.arm();
  }

  /** Ends the link at a message boundary, once it is quiet. Data that crosses the end is answered with a RST. */
  drain(): void {
    if (this.#cause !== null || this.#drainQuiet !== null) return;
    this.#drainQuiet = new StallWatch(
      DRAIN_QUIET_MS,
      () => this.#moved(),
      () => this.#drainOrWait(),
    );
    this.#drainQuiet.arm();
  }

  /** Ends the link at once. */
  cut(reason: Reason, status: Ending['status']): void {
    this.#end({ reason, status, culprit: null, detail: REASONS[reason] });
    this.#reset();
  }

  onRead(read: FlowRead): void {
    this.#observer.read(read);
  }

  onParseError(flow: Flow, detail: string): void {
    this.#fail('parse_error', flow.from.leg, detail);
  }

  onChunkLimit(flow: Flow): void {
    this.#fail('max_msg_chunks', flow.from.leg, REASONS.max_msg_chunks);
  }

  #connected(upstream: Connection): void {
    this.#dialling = false;
    this.#open += 1;
    this.upstream = upstream;
    this.#observer.connected(upstream);
    const down = new Flow('down', upstream, this.#options, this);
    this.#down = down;
    upstream.open(
      this.#handlerFor(
        upstream,
        () => down,
        () => this.#up,
      ),
    );
    down.attach(this.downstream);
    this.#up.attach(upstream);
  }

  /** `reads`: the flow that the connection feeds; `writes`: the flow that feeds it. */
  #handlerFor(connection: Connection, reads: () => Flow, writes: () => Flow | null): ConnectionHandler {
    return {
      onRead: (buffer) => this.#read(reads(), buffer),
      onEnd: () => this.#finished(connection, reads()),
      onDrain: () => writes()?.drained(),
      onFailure: (reason, detail) => this.#fail(reason, connection.leg, detail),
      onClosed: () => this.#closed(connection),
    };
  }

  #read(flow: Flow, buffer: Buffer): void {
    // The FIN of a drain has gone: data that crosses it gets the RST that a closed socket gives.
    if (this.#cause?.reason === 'drained') {
      this.#reset();
      return;
    }
    try {
      flow.read(buffer);
    } catch (error) {
      // What a peer sends must not end the process: a fault in here costs one link, and is told.
      this.#fail('internal_error', null, messageOf(error));
    }
  }

  /** A FIN came. */
  #finished(connection: Connection, flow: Flow): void {
    this.#cause ??= { reason: 'peer_closed', status: 'SUCCESS', culprit: connection.leg, detail: REASONS.peer_closed };
    flow.end();
    if (!(this.#up.fromEnded && this.#down?.fromEnded === true)) this.#halfClosed.arm();
  }

  #drainOrWait(): void {
    const atBoundary = this.#up.atBoundary && this.#down?.atBoundary !== false && !this.#dialling;
    if (!atBoundary || this.downstream.backlog > 0 || (this.upstream?.backlog ?? 0) > 0) {
      this.#drainQuiet?.arm();
      return;
    }
    this.#end({ reason: 'drained', status: 'SUCCESS', culprit: null, detail: REASONS.drained });
    this.downstream.end();
    this.upstream?.end();
  }

  #fail(reason: Reason, culprit: Leg | null, detail: string): void {
    if (this.#failed || this.#cause?.reason === 'drained') {
      this.#reset();
      return;
    }
    this.#failed = true;
    this.#cause = { reason, status: 'FAILURE', culprit, detail };
    this.#reset();
  }

  /** The first cause stands. */
  #end(cause: Cause): void {
    this.#cause ??= cause;
  }

  #reset(): void {
    this.#up.stop();
    this.#down?.stop();
    if (this.#dialling) this.#dial.abort('link_closed');
    this.upstream?.reset();
    this.downstream.reset();
  }

  #closed(connection: Connection): void {
    const cause = this.#cause ?? { reason: 'socket_error', status: 'FAILURE', culprit: connection.leg, detail: '' };
    const innocent = cause.culprit !== null && cause.culprit !== connection.leg;
    this.#observer.closed(connection, {
      reason: innocent ? 'link_closed' : cause.reason,
      status: cause.status,
      by: connection.firstToClose ?? 'near',
      detail: innocent ? REASONS.link_closed : cause.detail,
      at: nowMicros(),
    });
    this.#open -= 1;
    // One connection cannot live on without the other.
    if (this.#dialling && this.#open === 0) this.#dial.abort('link_closed');
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#open > 0 || this.#dialling) return;
    this.#idle.disarm();
    this.#halfClosed.disarm();
    this.#drainQuiet?.disarm();
    this.#observer.ended();
    this.#onEnded(this);
  }

  /** Moves with every octet read or taken. */
  #moved(): number {
    const { downstream, upstream } = this;
    return octets(downstream) + (upstream === null ? 0 : octets(upstream));
  }
}

function octets(connection: ConnectionFacts & { readonly backlog: number }): number {
  return connection.bytesIn + connection.bytesOut - connection.backlog;
}
