import { messageOf, MsrptapError } from '../lib/errors.js';
import type { Prepared } from '../lib/prepared.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import { FilterInstance, type InstanceOptions, type InstanceOwner } from './filter-instance.js';
import type { Answer } from './filter-messages.js';
import type { AnyCall, FilterQueue, MessageCall } from './filter-queue.js';

/** Milliseconds before a second thread in a row is started for one that ended itself; doubled for each further one. */
const RESTART_DELAY = 100;
const MAX_RESTART_DELAY = 5_000;

/** A thread inside a blocking system call cannot be ended. Over this many, calls wait until one of them ends. */
const MAX_THREADS = 8;

/**
 * Keeps a thread under the calls: puts them to it, replaces it when it is lost, worn or to be loaded anew. A lost thread
 * is replaced when a call needs one; calls that it had not begun with go to the next.
 */
export class FilterSupervisor implements InstanceOwner {
  readonly #calls: FilterQueue;
  readonly #options: InstanceOptions;
  readonly #log: RateLimitedLog;
  /** Threads that have not ended, loading and retired ones included. */
  readonly #alive = new Set<FilterInstance>();
  /** The one that calls are put to. */
  #current: FilterInstance | null = null;
  #reloads: Promise<void> = Promise.resolve();
  #renewing = false;
  /** Threads in a row that were lost without a decision. */
  #losses = 0;
  #judges = false;
  #restart: NodeJS.Timeout | 'loading' | null = null;
  #stopped = false;

  constructor(calls: FilterQueue, options: InstanceOptions) {
    this.#calls = calls;
    this.#options = options;
    this.#log = new RateLimitedLog(options.log);
  }

  /** Whether the module that was put in force last says what of messages is mirrored. */
  get judges(): boolean {
    return this.#judges;
  }

  /** Rejects with filter_load_failed or filter_route_missing; what was in force before stays in force. */
  async load(): Promise<void> {
    (await this.prepare()).use();
  }

  /** Loads without putting it in force; the loads that follow wait until it is used or discarded. Rejects as `load` does. */
  async prepare(): Promise<Prepared> {
    const previous = this.#reloads;
    let over = nothing;
    this.#reloads = new Promise((resolve) => (over = resolve));
    // One after the other, so that what is in force in the end is what was read last.
    await previous;
    try {
      const instance = await this.#start();
      return {
        use: () => {
          this.#use(instance);
          over();
        },
        discard: () => {
          instance.retire();
          over();
        },
      };
    } catch (error) {
      over();
      throw error;
    }
  }

  /** Puts calls to the thread as far as it has room; has one started when there is none. */
  feed(): void {
    while (this.#current?.hasRoom === true) {
      const call = this.#calls.take();
      if (call === null) return;
      this.#current.ask(call);
    }
    if (this.#current !== null || this.#restart !== null || this.#stopped) return;
    if (!this.#calls.hasUnasked || this.#alive.size >= MAX_THREADS) return;
    const delay = this.#losses <= 1 ? 0 : Math.min(RESTART_DELAY * 2 ** (this.#losses - 2), MAX_RESTART_DELAY);
    this.#restart = setTimeout(() => void this.#replace(), delay);
  }

  /** Ends all threads. No call may be open any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#restart !== 'loading' && this.#restart !== null) clearTimeout(this.#restart);
    await Promise.all(Array.from(this.#alive, (instance) => instance.end()));
    await this.#reloads;
    this.#log.flush();
  }

  answered(_instance: FilterInstance, call: AnyCall, answer: Answer): void {
    this.#losses = 0;
    if (call.kind === 'route' && 'traced' in answer) {
      const { outcome, error } = answer;
      this.#calls.routes.settle(call, outcome);
      if (outcome === 'throw') this.#log.write('warn', 'filter route threw; the connection is traced', { error });
      if (outcome === 'promise') this.#log.write('warn', 'filter route refused; the connection is traced', { error });
    } else if (call.kind === 'message' && !('traced' in answer)) {
      const { error, outcome } = answer;
      this.#calls.messages.settle(call, answer);
      if (error !== undefined) this.#log.write('warn', MESSAGE_FAILED, { outcome, error });
    }
  }

  free(): void {
    this.feed();
  }

  unpostable(_instance: FilterInstance, calls: readonly AnyCall[], error: string): void {
    for (const call of calls) {
      if (call.kind === 'route') this.#calls.routes.settle(call, 'throw');
      else this.#calls.messages.settle(call, { outcome: 'throw', headersOnly: true });
    }
    this.#log.write('warn', 'filter not asked; what it would decide on is traced', { error });
    this.feed();
  }

  overdue(instance: FilterInstance, call: AnyCall, others: readonly AnyCall[]): void {
    if (this.#current === instance) this.#current = null;
    this.#calls.lose(call, 'timeout');
    const { timeout } = this.#options;
    if (call.kind === 'route') {
      const { question: input } = call;
      this.#log.write('error', 'filter route timed out; the connection is traced', { timeout, input });
    } else {
      this.#log.write('error', MESSAGE_FAILED, { outcome: 'timeout', timeout, ...senderOf(call) });
    }
    this.#calls.giveBack(others);
    this.feed();
  }

  worn(instance: FilterInstance, bytes: number): void {
    if (this.#current !== instance || this.#renewing) return;
    this.#renewing = true;
    this.#log.write('warn', 'filter module keeps memory; its thread is replaced', { bytes });
    this.load()
      .catch((error: unknown) => this.#notReplaced(error))
      .finally(() => (this.#renewing = false));
  }

  ended(instance: FilterInstance, running: AnyCall | null, others: readonly AnyCall[], crash: string | null): void {
    this.#alive.delete(instance);
    if (this.#current === instance) this.#current = null;
    if (crash === null) {
      this.#calls.giveBack(running === null ? others : [running, ...others]);
    } else {
      this.#losses += 1;
      if (running !== null) this.#calls.lose(running, 'crash');
      this.#calls.giveBack(others);
      if (running?.kind === 'message') {
        this.#log.write('error', MESSAGE_FAILED, { outcome: 'crash', error: crash, ...senderOf(running) });
      } else {
        this.#log.write('error', 'filter thread ended; a connection that it decided on is traced', {
          error: crash,
          input: running?.question,
        });
      }
    }
    this.feed();
  }

  #use(instance: FilterInstance): void {
    this.#current?.retire();
    // It may have ended while it waited for its use; a call then has another one started.
    this.#current = instance.isReady ? instance : null;
    this.#judges = instance.judges;
    this.#losses = 0;
    this.feed();
  }

  async #replace(): Promise<void> {
    this.#restart = 'loading';
    try {
      const instance = await this.#start();
      // A reload that came in between has read the file later.
      if (this.#current === null) {
        this.#current = instance;
        this.#judges = instance.judges;
      } else {
        instance.retire();
      }
    } catch (error) {
      this.#losses += 1;
      this.#notReplaced(error);
    }
    this.#restart = null;
    this.feed();
  }

  async #start(): Promise<FilterInstance> {
    if (this.#stopped) throw this.#loadError('filters are stopped');
    let instance: FilterInstance;
    try {
      instance = new FilterInstance(this.#options, this);
    } catch (error) {
      throw this.#loadError(`no thread can be started: ${messageOf(error)}`);
    }
    this.#alive.add(instance);
    await instance.loaded;
    if (!instance.isReady) throw this.#loadError('its thread ended when it had loaded');
    return instance;
  }

  #loadError(text: string): MsrptapError {
    return new MsrptapError('filter_load_failed', `${this.#options.file}: ${text}`);
  }

  #notReplaced(error: unknown): void {
    if (this.#stopped) return;
    this.#log.write('error', 'filter thread not replaced', { error: messageOf(error) });
  }
}

const MESSAGE_FAILED = 'filter failed over a message, which is mirrored with its headers only';

/** Of what is said nothing goes into the log. */
function senderOf({ question: { si, sp } }: MessageCall): { readonly si: string; readonly sp: number } {
  return { si, sp };
}

function nothing(): void {}
