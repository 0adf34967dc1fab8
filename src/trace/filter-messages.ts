/** What the main thread and the thread of a filter module say to each other. Plain data: it is cloned. */
import type { LimitedLevel } from '../lib/rate-limited-log.js';
import type { Judgement } from './filter-message.js';
import type { RouteDecision, RouteInput } from './filter-route.js';
import type { MirrorRules } from './mirror.js';

/** Given to the thread at its start. */
export interface WorkerSetup {
  /** Absolute path of the module. */
  readonly file: string;
  /** One Int32: the id of the call that was begun last. So it is known which one hangs, or ended the thread. */
  readonly begun: SharedArrayBuffer;
}

/** Main → thread: the calls of one turn of the event loop, in order (filter-batch). */
export interface ToWorker {
  /** Those of the other calls follow. */
  readonly firstId: number;
  /** null: the next message. */
  readonly calls: readonly (RouteInput | null)[];
  /** Of the messages. */
  readonly numbers: Float64Array;
  readonly addresses: readonly string[];
  /** null: there are no messages. */
  readonly rules: MirrorRules | null;
  /** Of all messages, one behind the other. */
  readonly octets: Uint8Array;
}

/** To a call about a connection, or about a message. */
export type Answer = RouteDecision | Judgement;

export type LogFields = Readonly<Record<string, unknown>>;

/** Thread → main. First comes `loaded` or `failed`; answers come in the order of the calls. */
export type FromWorker =
  /** judges: the module exports `message`. */
  | { readonly kind: 'loaded'; readonly judges: boolean }
  | { readonly kind: 'failed'; readonly code: 'filter_load_failed' | 'filter_route_missing'; readonly message: string }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  /** For the log; limited in the thread, so that a module that writes in a loop does not occupy the main thread. */
  | { readonly kind: 'log'; readonly level: LimitedLevel; readonly fields: LogFields; readonly message: string }
  /** The module keeps this much more memory than after loading: the thread should be replaced. */
  | { readonly kind: 'worn'; readonly bytes: number };
