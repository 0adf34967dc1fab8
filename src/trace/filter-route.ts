/** The default export of a filter module, its route: what it is given, and the decision as a function of it. */
import type { Proto, TlsFacts } from '../events.js';
import type { Endpoint } from '../lib/address.js';
import { run, type Control, type RunOutcome } from './filter-run.js';

/** What a route may decide by of TLS: no figures of a moment. */
export type RouteTls = Omit<TlsFacts, 'handshake'>;

/** One connection, accepted or originated, at the moment it came to life. */
export interface RouteInput {
  /** The IP address at the other end, whoever opened the connection: OpenSIPS' $si. */
  readonly si: string;
  /** The port at the other end: OpenSIPS' $sp. */
  readonly sp: number;
  /** Our own socket: OpenSIPS' $socket_in(ip) and $socket_in(port). */
  readonly socket_in: Endpoint;
  /** accepted: a client opened it; connected: msrptap did, towards the next hop. */
  readonly direction: 'accepted' | 'connected';
  readonly proto: Proto;
  /** null on a connection without TLS. */
  readonly tls: RouteTls | null;
  /** Where the link leads when the listener fixes it, else null. */
  readonly next_hop: Endpoint | null;
  /** For a connected one: si and sp of the accepted connection it belongs to. null for an accepted one. */
  readonly peer: { readonly si: string; readonly sp: number } | null;
}

/** Both end the route where they are called; what they throw to do so is not to be caught, and catching it changes nothing. */
export interface RouteControl extends Control {
  /** This connection is not traced. */
  readonly drop: () => never;
  /** This connection is traced, as it is by every way out of a route but drop. */
  readonly exit: () => never;
}

/** The default export of a filter module. Synchronous: a returned promise decides nothing, and the connection is traced. */
export type Route = (connection: RouteInput, control: RouteControl) => void;

/** How a route ended. */
export type RouteOutcome = RunOutcome;

export interface RouteDecision {
  readonly traced: boolean;
  readonly outcome: RouteOutcome;
  /** What was wrong, on throw and promise. */
  readonly error?: string;
}

/** Runs `route` once. Never throws, whatever the route throws or returns. */
export function decide(route: Route, input: RouteInput): RouteDecision {
  const { outcome, error } = run((control) => route(input, control));
  return { traced: outcome !== 'drop', outcome, ...(error === undefined ? {} : { error }) };
}
