import type { Config } from './config.js';
import type { Heard } from './control/commands.js';
import type { Figures } from './control/figures.js';
import type { HepRow } from './control/hep-rows.js';
import type { LinkPage } from './control/link-rows.js';
import type { PageRequest } from './control/pages.js';
import type { SessionPage } from './control/session-rows.js';
import type { Correlations, CorrelationTime } from './trace/correlations.js';
import type { SpotTime } from './trace/spots.js';

export type { Heard } from './control/commands.js';
import type { Endpoint } from './lib/address.js';
import type { InheritedSockets } from './lib/inherited-sockets.js';
import type { OpenSocket } from './lib/socket-fd.js';

/** What can be changed while traffic passes. */
export type Change =
  | { readonly kind: 'trace'; readonly on: boolean }
  /** Something is traced for a while, although tracing is off. */
  | { readonly kind: 'spot'; readonly spot: SpotTime }
  /** The files are read anew. */
  | { readonly kind: 'certificates' }
  | { readonly kind: 'filter' }
  /** Another configuration, and all files that it names anew. What a reload cannot change is the same in it. */
  | { readonly kind: 'config'; readonly config: Config };

export interface Process {
  readonly pid: number;
  /** What it does. */
  readonly type: string;
}

/** What carries the traffic, as the control part sees it: this process (Traffic), or workers (WorkerPool). */
export interface Carrier {
  readonly trace: boolean;
  /** What is traced for a while, with the time that is left. */
  readonly spots: readonly SpotTime[];
  /** Which SIP calls sessions belong to, as far as it is known; changed by `correlate` and `learn` alone. */
  readonly correlations: Correlations;
  readonly links: number;
  /** Processes that carry traffic at this moment, and how many ended by themselves so far. */
  readonly workers: { readonly alive: number; readonly restarts: number };
  /** This process first. */
  readonly processes: readonly Process[];
  /**
   * Binds all listeners, or none, and accepts.
   * @param inherited those that are bound already
   * @returns where they are, in the order of the configuration
   * @throws MsrptapError listen_failed
   */
  listen(inherited?: InheritedSockets): Promise<readonly Endpoint[]>;
  /** Where the listeners are, in the order of the configuration. */
  readonly sockets: readonly Endpoint[];
  /** The sockets that this program listens on, those of listen() included: no next hop. Until told, those of the configuration. */
  useOwnSockets(sockets: readonly Endpoint[]): void;
  /**
   * Makes a change everywhere or nowhere.
   * @throws MsrptapError workers_differ, and what the change itself fails with; what was in force is so again, then
   */
  apply(change: Change): Promise<void>;
  /** Tells all that carry traffic which call a session is of; what hangs knows it when it wakes up. */
  correlate(correlation: CorrelationTime): Promise<void>;
  /** The same, of what another process knew, and without waiting. */
  tellCorrelations(correlations: readonly CorrelationTime[]): void;
  /** What SIP said, without waiting either. */
  learn(session: string, call: string): void;
  /** Reloads the filter whenever a module changes. */
  watch(): void;
  /** All that was counted since the start. */
  figures(): Promise<Figures>;
  linkPage(page: PageRequest): Promise<Heard<LinkPage>>;
  sessionPage(page: PageRequest): Promise<Heard<SessionPage>>;
  /** Resets a link (Reason closed_by_mi). @returns whether there is one with that id */
  closeLink(id: string): Promise<Heard<boolean>>;
  destinations(): Promise<Heard<readonly HepRow[]>>;
  /** The listening sockets, for a process that takes them over. */
  readonly open: readonly OpenSocket[];
  /** Accepted connections, those in a handshake included. */
  readonly accepted: number;
  /** As another process accepts now. What was accepted here goes on. */
  letGo(): void;
  /**
   * Accepts nothing more, ends links at message boundaries (at the latest after `timeout` milliseconds), sends what
   * Homer is still to get, and ends everything.
   * @param hurry cuts it short
   * @returns how many links were cut
   */
  drain(timeout: number, hurry?: AbortSignal): Promise<number>;
}
