import type { Processes } from '../processes.mjs';

/** A row of the bench: a proxy that is started, loaded and measured like all others. */
export interface Row {
  /** Unique; as the table shows it. */
  readonly name: string;
  start(setting: Setting): Promise<Proxy>;
}

/** What a row may use. */
export interface Setting {
  readonly processes: Processes;
  /** Of the endpoint, on 127.0.0.1. */
  readonly upstreamPort: number;
  /** For files; removed at the end. */
  readonly folder: string;
}

export interface Proxy {
  /** Whose CPU time counts. */
  readonly pid: number;
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
