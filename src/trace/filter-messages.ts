/** What the main thread and the thread of a filter module say to each other. Plain data: it is cloned. */
import type { LimitedLevel } from '../lib/rate-limited-log.js';
import type { RouteDecision, RouteInput } from './filter-route.js';

/** Given to the thread at its start. */
export interface WorkerSetup {
  /** Absolute path of the module. */
  readonly file: string;
}

export interface PostedCall {
  readonly id: number;
  readonly input: RouteInput;
}

/** Main → thread: the calls of one turn of the event loop, in order. */
export type ToWorker = readonly PostedCall[];

export type LogFields = Readonly<Record<string, unknown>>;

/** Thread → main. First comes `loaded` or `failed`; decisions come in the order of the calls, each as soon as it fell. */
export type FromWorker =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'failed'; readonly code: 'filter_load_failed' | 'filter_route_missing'; readonly message: string }
  | { readonly kind: 'decision'; readonly id: number; readonly decision: RouteDecision }
  /** For the log; limited in the thread, so that a module that writes in a loop does not occupy the main thread. */
  | { readonly kind: 'log'; readonly level: LimitedLevel; readonly fields: LogFields; readonly message: string }
  /** The module keeps this much more memory than after loading: the thread should be replaced. */
  | { readonly kind: 'worn'; readonly bytes: number };
