import type { Work } from '../programs/messages.mjs';
import type { Processes } from '../processes.mjs';

/** A proxy that the bench can start, load and measure like all others. */
export interface Peer<P extends Proxy = Proxy> {
  /** As tables and messages show it. */
  readonly name: string;
  start(setting: Setting): Promise<P>;
}

/** What a peer is started for. */
export interface Setting {
  readonly processes: Processes;
  /** Of the endpoint, on 127.0.0.1. */
  readonly upstreamPort: number;
  readonly work: Work;
  /** For files; removed at the end. */
  readonly folder: string;
}

export interface Proxy {
  /** All its processes; the one that was started is the first. */
  readonly pids: readonly number[];
  /** Where it takes MSRP, on 127.0.0.1. */
  readonly port: number;
  /** Resolves when nothing is left to do for the exchanges since the start. */
  settle(exchanges: number): Promise<void>;
  /**
   * Ends it, after all links were closed.
   * @throws Error what it did for the exchanges since the start does not add up
   */
  end(exchanges: number): Promise<void>;
}

export interface MsrptapProxy extends Proxy {
  /** Seconds from its start to the line that says so. */
  readonly readyAfter: number;
}
