/**
 * What the core tells its observers. The core imports nothing that observes it: HEP, metrics and whatever comes later
 * implement these interfaces. All calls are synchronous, made after the bytes they tell of were passed on, and guarded:
 * what an observer throws is logged and changes nothing.
 */
import type { Endpoint, HostPort } from './lib/address.js';
import type { Reason } from './lib/reasons.js';
import type { Piece } from './msrp/parser.js';
import type { TlsFacts } from './net/tls-facts.js';

export type { Piece, TlsFacts };

/** downstream: the accepted connection; upstream: the originated one. */
export type Leg = 'downstream' | 'upstream';
/** up: towards the next hop. */
export type Direction = 'up' | 'down';
export type Proto = 'msrp' | 'msrps';

/** A connection, live: the figures go on counting. */
export interface ConnectionFacts {
  readonly leg: Leg;
  readonly proto: Proto;
  /** Our own socket: OpenSIPS' $socket_in. */
  readonly near: Endpoint;
  /** The socket at the other end: OpenSIPS' $si and $sp. */
  readonly far: Endpoint;
  readonly tls: TlsFacts | null;
  /** Microseconds since 1970. */
  readonly openedAt: number;
  /** In: read from this connection. Out: passed on to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

export interface NextHop extends HostPort {
  readonly proto: Proto;
}

export interface LinkFacts {
  /** Unique for this start of the process: `<random of the start>-<number>`. */
  readonly id: string;
  readonly downstream: ConnectionFacts;
  /** null until the dial succeeded. */
  readonly upstream: ConnectionFacts | null;
  /** Where the listener leads; null where it may be one of several, or the client says. */
  readonly nextHop: NextHop | null;
}

/** A connection that never came to life. */
export interface FailedAttempt {
  /** The id of its link; a refused accept has one of its own. */
  readonly link: string;
  readonly leg: Leg;
  readonly proto: Proto;
  /** Unspecified where it does not exist, as before a connect. */
  readonly near: Endpoint;
  readonly far: Endpoint;
  /** The next hop as configured, when `far` had to be left unspecified or was resolved from a name. */
  readonly name?: string;
  readonly reason: Reason;
  /** What the system said: for logs and the event's Message. */
  readonly detail: string;
  readonly at: number;
  /** Of a dial: whether no other next hop is dialled in its place. */
  readonly isLast?: boolean;
}

export interface Ending {
  readonly reason: Reason;
  readonly status: 'SUCCESS' | 'FAILURE';
  /** Who sent the first FIN or RST on this connection. */
  readonly by: 'far' | 'near';
  readonly detail: string;
  readonly at: number;
}

/** What one read of a connection brought. Valid during the call only: it, its buffer and its pieces are used again. */
export interface Read {
  readonly direction: Direction;
  readonly buffer: Buffer;
  /** Microseconds since 1970. Looked up when it is first asked for. */
  readonly time: number;
  /** In order; the last one may be of a message that is not complete yet. */
  readonly pieces: readonly Piece[];
  /** Octets of CRLFs between messages. */
  readonly strayBytes: number;
  /** The kind of parse error that ended parsing in this read (a closed set), or null. */
  readonly parseError: string | null;
}

/** A request whose response did not come in time. */
export interface TimedOutTransaction {
  /** Of the request. */
  readonly direction: Direction;
  /** As it is written; 32 octets of it at most. */
  readonly method: string;
  readonly transactionId: string;
  /** Milliseconds since the last octet of the request. */
  readonly age: number;
  /** Microseconds since 1970. */
  readonly at: number;
}

export interface LinkObserver {
  connected(upstream: ConnectionFacts): void;
  connectFailed(attempt: FailedAttempt): void;
  read(read: Read): void;
  transactionTimedOut(transaction: TimedOutTransaction): void;
  closed(connection: ConnectionFacts, ending: Ending): void;
  /** Nothing more comes of this link. */
  ended(): void;
}

export interface Observer {
  /** A downstream connection was accepted (TLS included). */
  link(link: LinkFacts): LinkObserver;
  acceptFailed(attempt: FailedAttempt): void;
}

/** One that makes more of what observers are told, and tells them that too. */
export interface Layer {
  /** @param everybody those who observe a link */
  over(everybody: LinkObserver, link: LinkFacts): LinkObserver;
}
