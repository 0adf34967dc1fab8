/**
 * The contract of a filter module, and the decision as a function of it. The types are published as `msrptap/filter`; a
 * module in JavaScript uses them with `@type {import('msrptap/filter').Route}`.
 */
import { fileURLToPath } from 'node:url';
import type { Proto, TlsFacts } from '../events.js';
import type { Endpoint } from '../lib/address.js';

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
  readonly tls: TlsFacts | null;
  /** Where the link leads when the listener fixes it, else null. */
  readonly next_hop: Endpoint | null;
  /** For a connected one: si and sp of the accepted connection it belongs to. null for an accepted one. */
  readonly peer: { readonly si: string; readonly sp: number } | null;
}

/** Both end the route where they are called; what they throw to do so is not to be caught, and catching it changes nothing. */
export interface RouteControl {
  /** This connection is not traced. */
  readonly drop: () => never;
  /** This connection is traced, as it is by every way out of a route but drop. */
  readonly exit: () => never;
}

/** The default export of a filter module. Synchronous: a returned promise decides nothing, and the connection is traced. */
export type Route = (connection: RouteInput, control: RouteControl) => void;

/** How a route ended: by drop, by exit, by returning, by throwing, or refused because it returned a promise. */
export type RouteOutcome = 'drop' | 'exit' | 'return' | 'throw' | 'promise';

export interface RouteDecision {
  readonly traced: boolean;
  readonly outcome: RouteOutcome;
  /** What was wrong, on throw and promise. */
  readonly error?: string;
}

/** Characters kept of what a route threw: enough for a log line, too few to fill a log. */
const MAX_ERROR_LENGTH = 500;

class RouteEnds extends Error {
  override readonly name = 'RouteEnds';
}

/** One for all calls: an error object of its own would cost each decision a stack trace. */
const ROUTE_ENDS = Object.freeze(new RouteEnds('drop() and exit() end a route by throwing this; let it pass'));

/** Runs `route` once. Never throws, whatever the route throws or returns. */
export function decide(route: Route, input: RouteInput): RouteDecision {
  const run: { noted: 'drop' | 'exit' | null; over: boolean } = { noted: null, over: false };
  function end(decision: 'drop' | 'exit'): never;
  function end(decision: 'drop' | 'exit'): void {
    // Kept by a timer or a promise and called later, it finds that its connection was decided on long ago.
    if (run.over) return;
    run.noted ??= decision;
    throw ROUTE_ENDS;
  }
  try {
    const returned: unknown = route(input, { drop: () => end('drop'), exit: () => end('exit') });
    // Even with a decision noted: an async route whose drop() works until somebody puts an await before it is a trap.
    if (isThenable(returned)) return refusePromise(returned);
  } catch (thrown) {
    if (run.noted === null) return { traced: true, outcome: 'throw', error: describeThrown(thrown) };
  } finally {
    run.over = true;
  }
  return { traced: run.noted !== 'drop', outcome: run.noted ?? 'return' };
}

function refusePromise(promise: PromiseLike<unknown>): RouteDecision {
  // Its rejection concerns nobody any more, and unhandled it would be reported a second time.
  new Promise((resolve) => resolve(promise)).catch(() => {});
  return { traced: true, outcome: 'promise', error: 'it returned a promise; a route is synchronous' };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  try {
    const { then }: { readonly then?: unknown } = value;
    return typeof then === 'function';
  } catch {
    return false;
  }
}

/** The text of anything that module code threw, with file and line where they are known. Never throws. */
export function describeThrown(thrown: unknown): string {
  try {
    const place = thrown instanceof Error ? placeIn(thrown.stack) : null;
    // `message` can have been set to anything.
    const said: unknown = thrown instanceof Error ? thrown.message : thrown;
    const text = String(said).slice(0, MAX_ERROR_LENGTH);
    return place === null ? text : `${text} (${place})`;
  } catch {
    return 'what was thrown cannot be shown';
  }
}

/** A stack's first frame that is a file, or the head line `file:line` which Node puts over a syntax error. */
const FRAME = /(?:^|\(|\bat )((?:file:\/\/|\/)[^()\n]*?):(\d+)(?::\d+)?\)?$/gm;
const OWN_CODE = new URL('.', import.meta.url).href;

function placeIn(stack: unknown): string | null {
  if (typeof stack !== 'string') return null;
  for (const [, file = '', line] of stack.slice(0, 10_000).matchAll(FRAME)) {
    if (file.startsWith(OWN_CODE)) continue;
    return `${file.startsWith('file:') ? fileURLToPath(file) : file}:${line}`;
  }
  return null;
}
