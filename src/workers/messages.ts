/** What the control process and a worker say to each other. Messages arrive in the order in which they were sent. */
import type { Change } from '../carrier.js';
import type { Config } from '../config.js';
import type { Figures } from '../control/figures.js';
import type { HepRow } from '../control/hep-rows.js';
import type { LinkPage } from '../control/link-rows.js';
import type { PageRequest } from '../control/pages.js';
import type { SessionPage } from '../control/session-rows.js';
import type { Endpoint } from '../lib/address.js';
import type { ErrorCode } from '../lib/errors.js';
import type { AcceptFailure } from '../net/listener.js';
import type { CorrelationTime } from '../trace/correlations.js';
import type { SpotTime } from '../trace/spots.js';

export interface Setup {
  /** 1 to `workers`; a worker that is replaced leaves its own to the next. */
  readonly slot: number;
  /** As the control process read it: the file may have changed since. */
  readonly config: Config;
  readonly ticketKeys: Uint8Array;
}

/** Wants an answer. */
export type Request =
  /** A change in two halves: `make` is everything that can fail. */
  | { readonly kind: 'make'; readonly change: Change }
  | { readonly kind: 'commit' }
  | { readonly kind: 'discard' }
  | { readonly kind: 'figures' }
  | { readonly kind: 'links'; readonly page: PageRequest }
  | { readonly kind: 'sessions'; readonly page: PageRequest }
  | { readonly kind: 'close'; readonly link: string }
  | { readonly kind: 'destinations' }
  | { readonly kind: 'correlate'; readonly correlation: CorrelationTime }
  /** Whether a socket is one that it has opened towards a next hop. */
  | { readonly kind: 'hasUpstream'; readonly source: Endpoint }
  /** The worker ends after its answer. */
  | { readonly kind: 'drain'; readonly timeout: number };

export interface Answers {
  readonly make: null;
  readonly commit: null;
  readonly discard: null;
  readonly figures: Figures;
  readonly links: LinkPage;
  readonly sessions: SessionPage;
  /** Whether it has that link. */
  readonly close: boolean;
  readonly destinations: readonly HepRow[];
  readonly correlate: null;
  readonly hasUpstream: boolean;
  /** How many links were cut. */
  readonly drain: number;
}

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

export type ToWorker =
  | { readonly kind: 'setup'; readonly setup: Setup }
  /** It is one of those that carry traffic from here on; `trace` and `spots` are what is in force. */
  | { readonly kind: 'join'; readonly trace: boolean; readonly spots: readonly SpotTime[] }
  /** Some of those that are known; unanswered. */
  | { readonly kind: 'correlations'; readonly correlations: readonly CorrelationTime[] }
  | { readonly kind: 'request'; readonly id: number; readonly request: Request }
  /** Comes with a socket. `source`: as what it counts until it closes; null: it is not counted. */
  | { readonly kind: 'connection'; readonly listener: string; readonly source: string | null }
  | { readonly kind: 'refused'; readonly listener: string; readonly failure: AcceptFailure }
  /** What the whole program listens on. */
  | { readonly kind: 'ownSockets'; readonly sockets: readonly Endpoint[] }
  /** The answer to `isUpstream`. */
  | { readonly kind: 'upstream'; readonly id: number; readonly isOne: boolean }
  /** A drain is to be cut short. */
  | { readonly kind: 'hurry' };

export type FromWorker =
  /** It listens: what is sent before is lost. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly id: number; readonly result: Answers[Request['kind']] }
  | { readonly kind: 'refusal'; readonly id: number; readonly failure: Failure }
  /** Connections taken since the start, those it has now, handshakes included, and the sources of those that closed since. */
  | { readonly kind: 'load'; readonly taken: number; readonly held: number; readonly gone: readonly string[] }
  /** Whether a socket is one that another worker has opened towards a next hop. */
  | { readonly kind: 'isUpstream'; readonly id: number; readonly source: Endpoint }
  /** Unasked, so that little is lost with a worker that is killed. */
  | { readonly kind: 'figures'; readonly figures: Figures }
  | { readonly kind: 'log'; readonly line: string };
