/** What the main thread and the thread of a filter module say to each other. Plain data: it is cloned. */
import type { LimitedLevel } from '../lib/rate-limited-log.js';
import type { Judgement, MessageQuestion } from './filter-message.js';
import type { RouteDecision, RouteInput } from './filter-route.js';
import type { HeldMessage } from './message-held.js';

/** Given to the thread at its start. */
export interface WorkerSetup {
  /** Absolute path of the module. */
  readonly file: string;
  /** One Int32: the id of the call that was begun last. So it is known which one hangs, or ended the thread. */
  readonly begun: SharedArrayBuffer;
}

/** A message whose octets are some of its batch. */
export interface PostedMessage extends Omit<MessageQuestion, 'held'> {
  readonly held: Omit<HeldMessage, 'octets'>;
  readonly start: number;
  readonly end: number;
}

export type PostedCall =
  | { readonly kind: 'route'; readonly id: number; readonly input: RouteInput }
  | { readonly kind: 'message'; readonly id: number; readonly message: PostedMessage };

/** Main → thread: the calls of one turn of the event loop, in order. */
export interface ToWorker {
  readonly calls: readonly PostedCall[];
  /** Of all messages among them. It is the thread's from then on. */
  readonly octets: Uint8Array;
}

export type Answer =
  | { readonly kind: 'decision'; readonly id: number; readonly decision: RouteDecision }
  | { readonly kind: 'judgement'; readonly id: number; readonly judgement: Judgement };

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
