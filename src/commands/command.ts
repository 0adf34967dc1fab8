/** What a command may use of the process; cli.ts alone knows the real ones. */
export interface Terminal {
  /** A line on stdout. */
  print(line: string): void;
  /** A line on stderr. */
  complain(line: string): void;
  /** MSRPTAP_TOKEN of the environment. */
  readonly token: string | undefined;
  /** Listening sockets that were opened for this process: their file descriptors. */
  readonly inheritedFds: readonly number[];
  /** Tells the service manager, where there is one, that it is ready, reloads or stops; in the order of the calls. */
  notify(state: 'READY=1' | 'RELOADING=1' | 'STOPPING=1'): void;
  /** Fires on the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Fires on the second. */
  readonly stopNow: AbortSignal;
  /** Called on each SIGHUP. */
  onReload(callback: () => void | Promise<void>): void;
}

/** 0: done; 1: failed; 2: usage or configuration. */
export type ExitStatus = 0 | 1 | 2;
