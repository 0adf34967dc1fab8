import type { Config } from '../config.js';
import { countersOf, merged, type Figures } from '../control/figures.js';
import type { Endpoint } from '../lib/address.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { newTicketKeys } from '../net/tls-acceptor.js';
import { RestartDelay } from './restart-delay.js';
import { WorkerProcess, type WorkerEnd } from './worker-process.js';

export interface CrewOptions {
  /** The one in force, for workers that are started. */
  readonly config: () => Config;
  readonly log: Log;
  /** Where the log lines of workers go, as they are. */
  readonly workerLog: (line: string) => void;
  /** A worker has room for another connection, or fewer of them than before. */
  readonly onLoad: () => void;
  /** A worker asks whether a socket is one that another has opened towards a next hop. */
  readonly onQuestion: (asker: WorkerProcess, id: number, source: Endpoint) => void;
  /** A worker that was started in the place of another can carry traffic: does what `join` is for, or `dismiss`. */
  readonly onReplacement: (worker: WorkerProcess, reloadsBefore: number) => Promise<void>;
  /** Reloads so far: one that began to load before one and came after it has what was in force before. */
  readonly reloads: () => number;
}

/** The workers: started, joined, and replaced when they end. */
export class Crew {
  /** Those that carry traffic. Always the same list, the one that was given a connection last at the end. */
  readonly members: WorkerProcess[] = [];
  readonly #options: CrewOptions;
  readonly #ticketKeys: Buffer = newTicketKeys();
  /** All that have not ended. */
  readonly #alive = new Set<WorkerProcess>();
  readonly #delays = new Map<number, RestartDelay>();
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  /** Of workers that have ended. */
  #counted: Figures = {};
  #restarts = 0;
  #isStarted = false;
  #isStopping = false;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** How many ended by themselves so far. */
  get restarts(): number {
    return this.#restarts;
  }

  /** What workers that have ended counted. */
  get counted(): Figures {
    return this.#counted;
  }

  /**
   * Starts as many as are configured.
   * @param join called for each of them when all can carry traffic
   * @throws MsrptapError worker_failed, or what keeps a worker from starting; nothing is left running then
   */
  async start(join: (worker: WorkerProcess) => void): Promise<void> {
    try {
      const slots = Array.from({ length: this.#options.config().workers }, (_, index) => index + 1);
      const workers = slots.map((slot) => this.#fork(slot));
      await Promise.all(workers.map((worker) => worker.prepared));
      for (const worker of workers) join(worker);
      this.#isStarted = true;
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Whether a replacement is still wanted. */
  isWelcome(worker: WorkerProcess): boolean {
    return !this.#isStopping && this.#alive.has(worker);
  }

  /** It carries traffic from here on. */
  add(worker: WorkerProcess): void {
    if (this.#isStarted) this.#delayOf(worker.slot).began();
    this.members.push(worker);
  }

  /** None that ends is replaced any more. */
  stopReplacing(): void {
    this.#isStopping = true;
    for (const timer of this.#restartTimers) clearTimeout(timer);
    this.#restartTimers.clear();
  }

  kill(): void {
    for (const worker of this.#alive) worker.kill();
  }

  async end(): Promise<void> {
    this.stopReplacing();
    this.kill();
    await Promise.all(Array.from(this.#alive, ({ ended }) => ended));
  }

  #fork(slot: number): WorkerProcess {
    const { config, workerLog, onLoad, onQuestion } = this.#options;
    const worker = new WorkerProcess(
      { slot, config: config(), ticketKeys: this.#ticketKeys },
      { onLoad, onQuestion, onLog: workerLog, onEnded: (ended, end) => this.#onEnded(ended, end) },
    );
    this.#alive.add(worker);
    return worker;
  }

  #onEnded(worker: WorkerProcess, { code, signal }: WorkerEnd): void {
    const { slot, pid, held } = worker;
    const index = this.members.indexOf(worker);
    this.#alive.delete(worker);
    if (index !== -1) this.members.splice(index, 1);
    this.#counted = merged([this.#counted, countersOf(worker.figures)]);
    if (this.#isStopping || !this.#isStarted) return;
    const delay = this.#delayOf(slot).next();
    if (index !== -1) {
      this.#restarts += 1;
      const fields = { worker: slot, pid, code, signal, links: held, delay };
      this.#options.log.error(fields, 'worker ended; it is replaced');
    }
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      void this.#replace(slot);
    }, delay);
    this.#restartTimers.add(timer);
  }

  async #replace(slot: number): Promise<void> {
    const { log, reloads, onReplacement } = this.#options;
    const before = reloads();
    const worker = this.#fork(slot);
    try {
      await worker.prepared;
    } catch (error) {
      if (!this.#isStopping) log.error({ worker: slot, error: messageOf(error) }, 'worker not replaced yet');
      return;
    }
    await onReplacement(worker, before);
  }

  #delayOf(slot: number): RestartDelay {
    const delay = this.#delays.get(slot) ?? new RestartDelay();
    this.#delays.set(slot, delay);
    return delay;
  }
}
