import type { NextHop, Read } from '../events.js';
import type { Reason } from '../lib/reasons.js';
import type { Connection } from '../net/connection.js';
import { Dial, type DialContext, type DialFailure, type DialOptions, type DialTarget } from '../net/dial.js';
import { writeProxyHeader } from '../net/proxy-protocol.js';

/** How the links of a listener come to their next hop. */
export interface Route {
  /** The next hop, where there is just one and it is known before anything is read. */
  readonly fixed: NextHop | null;
  /** Begins, for a link whose downstream connection stands. */
  originate(downstream: Connection, owner: OriginationOwner): Origination;
}

/** Told in this order: any number of failed attempts, then `onConnection` or `onFailed`, once. Never within originate(). */
export interface OriginationOwner {
  /** @param isLast no other next hop is dialled in its place */
  onAttemptFailed(nextHop: NextHop, failure: DialFailure, isLast: boolean): void;
  /** @param release to be called when the link has ended */
  onConnection(connection: Connection, release: (() => void) | null): void;
  onFailed(failure: RouteFailure): void;
}

export interface RouteFailure {
  readonly reason: Reason;
  readonly detail: string;
  /** Whose doing it was: what the client asked for, or a next hop that does not answer. */
  readonly culprit: 'downstream' | 'upstream';
}

/** One link on its way to its upstream connection. */
export interface Origination {
  /** What was read from downstream, and is held. */
  onRead(read: Read): void;
  /**
   * Nothing more is read from downstream: no other next hop is tried after a cut, and a link that waits for something to be
   * read is over, without a word.
   * @returns whether it is
   */
  onReadEnd(isCut: boolean): boolean;
  /** Gives up: told as failed attempt, if there is one, and as failure. */
  abort(reason: Reason): void;
}

/** What every dial of a route needs. */
export interface RouteContext extends DialContext {
  readonly options: DialOptions;
  /** The version of the PROXY protocol header that is sent to the next hop; 0: none. */
  readonly send_proxy: 0 | 1 | 2;
}

export function dial(
  downstream: Connection,
  target: DialTarget,
  { options, send_proxy, ...context }: RouteContext,
  onConnection: (connection: Connection) => void,
  onFailure: (failure: DialFailure) => void,
): Dial {
  const { far: source, dialled: destination } = downstream;
  const preface = send_proxy === 0 ? null : writeProxyHeader(send_proxy, { source, destination });
  return new Dial({ ...target, preface }, options, context, onConnection, onFailure);
}
