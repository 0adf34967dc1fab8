import { dirname } from 'node:path';
import { messageOf, MsrptapError } from '../lib/errors.js';
import { silentLog, type Log } from '../lib/log.js';
import type { Prepared } from '../lib/prepared.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import type { MessageQuestion } from './filter-message.js';
import type { DecisionOutcome, MessageOutcome } from './filter-outcomes.js';
import { FilterQueue, type MessageVerdict } from './filter-queue.js';
import type { RouteInput } from './filter-route.js';
import { FilterSupervisor } from './filter-supervisor.js';
import { watchModules } from './filter-watch.js';

export interface FilterOptions {
  /** Absolute path of the module. */
  readonly file: string;
  /** trace_filter_route: for logs and as the thread's name. */
  readonly routeName: string;
  readonly log: Log;
  /** Called with each decision; for metrics. */
  readonly onDecision?: (outcome: DecisionOutcome) => void;
  /** Milliseconds a route may take; default 1000. */
  readonly timeoutMs?: number;
  /** Milliseconds a module may take to load; default 5000. */
  readonly loadTimeoutMs?: number;
  /**
   * Milliseconds a connection may wait for its decision in all, hung neighbours and lost threads included; then it is
   * traced. Default 15,000: long enough for a dozen hung neighbours, and its packets wait with it.
   */
  readonly maxWaitMs?: number;
  /**
   * Connections that may wait; over it the oldest is traced. Default 10,000: more than both ends of the 4000 links. As many
   * messages, apart.
   */
  readonly maxWaiting?: number;
}

const TIMEOUT = 1_000;
const LOAD_TIMEOUT = 5_000;
const MAX_WAIT = 15_000;
const MAX_WAITING = 10_000;

/**
 * Runs the route of a filter module for each connection, in a thread of its own: whatever the module does (throw, hang,
 * exit, leak) costs at most the decision it was asked for.
 */
export class FilterThread {
  readonly #file: string;
  readonly #timeout: number;
  readonly #log: Log;
  readonly #limitedLog: RateLimitedLog;
  readonly #calls: FilterQueue;
  readonly #supervisor: FilterSupervisor;
  #unwatch: (() => void) | null = null;
  #stopped: Promise<void> | null = null;

  /** Rejects with filter_load_failed or filter_route_missing, nothing being left running. */
  static async start(options: FilterOptions): Promise<FilterThread> {
    const thread = new FilterThread(options);
    try {
      await thread.reload();
    } catch (error) {
      await thread.stop();
      throw error;
    }
    return thread;
  }

  private constructor({ file, routeName, log, onDecision, ...limits }: FilterOptions) {
    this.#file = file;
    this.#timeout = limits.timeoutMs ?? TIMEOUT;
    this.#log = log.child({ route: routeName });
    this.#limitedLog = new RateLimitedLog(this.#log);
    this.#calls = new FilterQueue({
      max: limits.maxWaiting ?? MAX_WAITING,
      maxWait: limits.maxWaitMs ?? MAX_WAIT,
      onDecision: (outcome) => {
        if (onDecision !== undefined) this.#guard(() => onDecision(outcome));
      },
    });
    this.#supervisor = new FilterSupervisor(this.#calls, {
      file,
      routeName,
      timeout: this.#timeout,
      loadTimeout: limits.loadTimeoutMs ?? LOAD_TIMEOUT,
      log: this.#log,
    });
  }

  /** Never throws. `done` is called exactly once, asynchronously, in the order of the calls. */
  decide(input: RouteInput, done: (traced: boolean) => void): void {
    const call = this.#calls.routes.add(input, (outcome) => this.#guard(() => done(outcome !== 'drop')));
    if (this.#stopped === null) this.#supervisor.feed();
    else this.#calls.lose(call, 'unavailable');
  }

  /** Whether the module says what of messages is mirrored. */
  get judgesMessages(): boolean {
    return this.#supervisor.judges;
  }

  /** As decide(). Messages are answered in their order, too. */
  judge(question: MessageQuestion, done: (verdict: MessageVerdict) => void): void {
    const call = this.#calls.messages.add(question, (verdict) => this.#guard(() => done(verdict)));
    if (this.#stopped === null) this.#supervisor.feed();
    else this.#calls.lose(call, 'unavailable');
  }

  /**
   * Loads the module anew, in a new thread. Decisions that the old one was asked for are its own; it ends after them.
   * Rejects as `start` does; what was in force stays in force.
   */
  reload(): Promise<void> {
    return this.#supervisor.load();
  }

  /** Loads without putting it in force. Rejects as `start` does. */
  prepareReload(): Promise<Prepared> {
    return this.#supervisor.prepare();
  }

  /** Reloads whenever a module in the directory of the file changes, and logs how it went. */
  watch(): void {
    this.#unwatch ??= watchModules(dirname(this.#file), () => this.#reloadChanged(), this.#log);
  }

  unwatch(): void {
    this.#unwatch?.();
    this.#unwatch = null;
  }

  /** Decisions since the start. */
  counts(): Record<DecisionOutcome, number> {
    return { ...this.#calls.decisions };
  }

  /** Decisions on messages since the start. */
  messageCounts(): Record<MessageOutcome, number> {
    return { ...this.#calls.messageDecisions };
  }

  /**
   * Gives the decisions that are due the time that one route may take (a connection that its route would drop must not be
   * traced because the proxy stops); then the rest is traced, and so is all that is asked later.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.unwatch();
    const grace = setTimeout(() => this.#calls.loseAll(), this.#timeout);
    await this.#calls.empty();
    clearTimeout(grace);
    await this.#supervisor.stop();
    this.#limitedLog.flush();
  }

  async #reloadChanged(): Promise<void> {
    try {
      await this.reload();
      this.#log.info({ file: this.#file }, 'filter reloaded');
    } catch (error) {
      if (this.#stopped !== null) return;
      this.#log.error({ error: messageOf(error) }, 'filter not reloaded, the previous one stays in force');
    }
  }

  #guard(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#limitedLog.write('error', 'a filter decision was not taken', { error: messageOf(error) });
    }
  }
}

/**
 * Loads a module as `start` does, and ends its thread.
 * @returns what is wrong with it, or null
 */
export async function loadCheck(
  options: Pick<FilterOptions, 'file' | 'routeName' | 'loadTimeoutMs'>,
): Promise<MsrptapError | null> {
  try {
    const thread = await FilterThread.start({ ...options, log: silentLog });
    await thread.stop();
    return null;
  } catch (error) {
    if (error instanceof MsrptapError) return error;
    throw error;
  }
}
