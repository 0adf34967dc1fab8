import type { HandedOn, HandedOnTrace, Inheritance } from '../handed-on.js';
import type { InheritedFd } from '../lib/inherited-sockets.js';

/** What a command may use of the process; cli.ts alone knows the real ones. */
export interface Terminal {
  /** A line on stdout. */
  print(line: string): void;
  /** A line on stderr. */
  complain(line: string): void;
  /** MSRPTAP_TOKEN of the environment. */
  readonly token: string | undefined;
  /** Listening sockets that were opened for this process. */
  readonly inheritedFds: readonly InheritedFd[];
  /** The process that this one takes over from; null: there is none. */
  readonly predecessor: Predecessor | null;
  /** Tells the service manager, where there is one, that it is ready, reloads or stops; in the order of the calls. */
  notify(state: 'READY=1' | 'RELOADING=1' | 'STOPPING=1'): void;
  /** Fires on the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Fires on the second. */
  readonly stopNow: AbortSignal;
  /** Called on each SIGUSR2. */
  onHandOver(callback: () => void | Promise<void>): void;
  /**
   * Starts the same command line again, with these sockets; it is told the rest.
   * @throws MsrptapError hand_over_failed when it does not get ready; it has ended then
   */
  startSuccessor(inheritance: Inheritance): Promise<Successor>;
  /** Called on each SIGHUP. */
  onReload(callback: () => void | Promise<void>): void;
}

export interface Predecessor {
  /** What it tells first, before anything is begun here; null: it has ended. */
  readonly trace: Promise<HandedOnTrace | null>;
  /** Called with all that it tells later. */
  onTold(callback: (handedOn: HandedOn) => void): void;
  /** It may let go now. */
  ready(): void;
  /** Resolves when it has let go, or has ended. */
  readonly gone: Promise<void>;
}

/** A process that is ready to go on in the place of this one. */
export interface Successor {
  /** All sockets are its own from now on. Resolves when it knows all, or takes too long. */
  letGo(): Promise<void>;
}

/** 0: done; 1: failed; 2: usage or configuration. */
export type ExitStatus = 0 | 1 | 2;
