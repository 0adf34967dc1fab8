import type { Figures } from './control/figures.js';
import type { Endpoint } from './lib/address.js';

/** What can be changed while traffic passes. */
export type Change =
  | { readonly kind: 'trace'; readonly on: boolean }
  /** The files are read anew. */
  | { readonly kind: 'certificates' }
  | { readonly kind: 'filter' };

/** What carries the traffic, as the control part sees it: this process (Traffic), or workers (WorkerPool). */
export interface Carrier {
  readonly trace: boolean;
  readonly links: number;
  /** Processes that carry traffic at this moment, and how many ended by themselves so far. */
  readonly workers: { readonly alive: number; readonly restarts: number };
  /**
   * Binds all listeners, or none, and accepts.
   * @returns where they are, in the order of the configuration
   * @throws MsrptapError listen_failed
   */
  listen(): Promise<readonly Endpoint[]>;
  /** The sockets that this program listens on, those of listen() included: no next hop. Until told, those of the configuration. */
  useOwnSockets(sockets: readonly Endpoint[]): void;
  /**
   * Makes a change everywhere or nowhere.
   * @throws MsrptapError workers_differ, and what the change itself fails with; what was in force is so again, then
   */
  apply(change: Change): Promise<void>;
  /** Reloads the filter whenever a module changes. */
  watch(): void;
  /** All that was counted since the start. */
  figures(): Promise<Figures>;
  /**
   * Accepts nothing more, ends links at message boundaries (at the latest after `timeout` milliseconds), sends what
   * Homer is still to get, and ends everything.
   * @param hurry cuts it short
   * @returns how many links were cut
   */
  drain(timeout: number, hurry?: AbortSignal): Promise<number>;
}
