import type { Socket } from 'node:net';
import type { Carrier, Change } from '../carrier.js';
import type { Config } from '../config.js';
import { connectionsThatFit, openFileLimit } from '../config/open-files.js';
import { countersOf, merged, type Figures } from '../control/figures.js';
import type { Endpoint } from '../lib/address.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { newTicketKeys } from '../net/tls-acceptor.js';
import { watchModules } from '../trace/filter-watch.js';
import { HEP_DRAIN_MS, type TrafficOptions } from '../traffic.js';
import { Acceptor } from './acceptor.js';
import { changeAll } from './change.js';
import { RestartDelay } from './restart-delay.js';
import { HANG_MS, WorkerProcess, type WorkerEnd } from './worker-process.js';

/** Milliseconds that a scrape waits for a worker; then its last known figures stand. */
const FIGURES_LIMIT = 1_000;
/** Milliseconds that a worker gets to tell whether a socket is one of its own. */
const UPSTREAM_LIMIT = 1_000;
/** Milliseconds that a worker may take for its drain, over drain_timeout and what HEP gets, before it is killed. */
const DRAIN_GRACE = 3_000;

/** How far the connections of a worker may be over those of another, so that a burst need not wait for the slower one. */
const UNEVEN = 1.1;
const UNEVEN_FEW = 4;

export interface PoolOptions extends TrafficOptions {
  /** Where the log lines of workers go, as they are. */
  readonly workerLog?: (line: string) => void;
}

interface Waiting {
  readonly listener: number;
  readonly socket: Socket;
}

/**
 * Workers that carry the traffic, under this process, which carries none: it accepts, and hands each connection to the
 * worker that has the fewest.
 */
export class WorkerPool implements Carrier {
  readonly #config: Config;
  readonly #log: Log;
  readonly #workerLog: (line: string) => void;
  readonly #logLinesDropped: () => number;
  readonly #ticketKeys: Buffer;
  readonly #acceptor: Acceptor;
  /** What one worker has room for. */
  readonly #fit = connectionsThatFit(openFileLimit());
  /** All that have not ended. */
  readonly #alive = new Set<WorkerProcess>();
  /** Those of them that carry traffic, the one that was given a connection last at the end. */
  #members: WorkerProcess[] = [];
  readonly #delays = new Map<number, RestartDelay>();
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  /** Accepted, and not handed over yet. */
  readonly #waiting: Waiting[] = [];
  #lookAgain: NodeJS.Timeout | null = null;
  /** Of workers that have ended. */
  #counted: Figures = {};
  #restarts = 0;
  #trace: boolean;
  /** Reloads so far: a worker that began to load before one and came after it has what was in force before. */
  #reloads = 0;
  /** Changes, and workers that join, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #unwatch: (() => void) | null = null;
  #ownSockets: readonly Endpoint[] | null = null;
  #isStarted = false;
  #isStopping = false;

  /**
   * Starts the workers; binds nothing.
   * @throws MsrptapError worker_failed, or what keeps a worker from starting; nothing is left running then
   */
  static async start(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    try {
      const slots = Array.from({ length: options.config.workers }, (_, index) => index + 1);
      const workers = slots.map((slot) => pool.#fork(slot));
      await Promise.all(workers.map((worker) => worker.prepared));
      for (const worker of workers) pool.#join(worker);
      pool.#isStarted = true;
      return pool;
    } catch (error) {
      await pool.#end();
      throw error;
    }
  }

  private constructor({ config, log, logLinesDropped = () => 0, workerLog = () => {} }: PoolOptions) {
    this.#config = config;
    this.#log = log;
    this.#logLinesDropped = logLinesDropped;
    this.#workerLog = workerLog;
    this.#ticketKeys = newTicketKeys();
    this.#trace = config.proto_msrp.trace_on === 1;
    this.#acceptor = new Acceptor(config.listeners, {
      refuse: () => (this.links >= config.limits.max_connections ? 'max_connections' : null),
      onConnection: (listener, socket) => {
        this.#waiting.push({ listener, socket });
        this.#handOver();
      },
      onFailure: (listener, failure) => this.#members[0]?.refused(listener, failure),
    });
  }

  get trace(): boolean {
    return this.#trace;
  }

  /** Accepted connections: what limits.max_connections is about. */
  get links(): number {
    return this.#members.reduce((sum, { held }) => sum + held, this.#waiting.length);
  }

  get workers(): { readonly alive: number; readonly restarts: number } {
    return { alive: this.#members.length, restarts: this.#restarts };
  }

  listen(): Promise<readonly Endpoint[]> {
    return this.#acceptor.listen();
  }

  useOwnSockets(sockets: readonly Endpoint[]): void {
    this.#ownSockets = sockets;
    for (const worker of this.#members) worker.useOwnSockets(sockets);
  }

  apply(change: Change): Promise<void> {
    return this.#inTurn(() => this.#apply(change));
  }

  watch(): void {
    const { filters, proto_msrp } = this.#config;
    const route = proto_msrp.trace_filter_route;
    if (route === null) return;
    const log = this.#log.child({ route });
    this.#unwatch = watchModules(
      filters,
      async () => {
        try {
          await this.apply({ kind: 'filter' });
          log.info('filter reloaded');
        } catch (error) {
          log.error({ error: messageOf(error) }, 'filter not reloaded, the previous one stays in force');
        }
      },
      log,
    );
  }

  async figures(): Promise<Figures> {
    await Promise.all(this.#members.map((worker) => worker.askFigures(FIGURES_LIMIT)));
    const own: Figures = { log_lines_dropped_total: [[{}, this.#logLinesDropped()]] };
    return merged([this.#counted, own, ...this.#members.map(({ figures }) => figures)]);
  }

  async drain(timeout: number, hurry?: AbortSignal): Promise<number> {
    this.#stop();
    const members = [...this.#members];
    let giveUp: NodeJS.Timeout | undefined;
    const cutShort = (): void => {
      for (const worker of members) worker.hurry();
      giveUp = setTimeout(() => this.#kill(), DRAIN_GRACE);
    };
    if (hurry?.aborted === true) cutShort();
    else hurry?.addEventListener('abort', cutShort, { once: true });
    const limit = timeout + HEP_DRAIN_MS + DRAIN_GRACE;
    const cuts = await Promise.all(members.map((worker) => this.#drained(worker, timeout, limit)));
    hurry?.removeEventListener('abort', cutShort);
    clearTimeout(giveUp);
    await this.#end();
    return cuts.reduce((sum, cut) => sum + cut, 0);
  }

  /** @returns how many links were cut */
  async #drained(worker: WorkerProcess, timeout: number, limit: number): Promise<number> {
    const { held } = worker;
    try {
      const cut = await worker.ask({ kind: 'drain', timeout }, limit);
      await worker.ended;
      return cut;
    } catch (error) {
      this.#log.error({ worker: worker.slot, error: messageOf(error) }, 'worker not drained; it is killed');
      return held;
    }
  }

  #stop(): void {
    this.#isStopping = true;
    this.#unwatch?.();
    this.#acceptor.close();
    if (this.#lookAgain !== null) clearTimeout(this.#lookAgain);
    for (const timer of this.#restartTimers) clearTimeout(timer);
    for (const { socket } of this.#waiting.splice(0)) socket.resetAndDestroy();
  }

  #kill(): void {
    for (const worker of this.#alive) worker.kill();
  }

  async #end(): Promise<void> {
    this.#isStopping = true;
    this.#kill();
    await Promise.all(Array.from(this.#alive, ({ ended }) => ended));
  }

  /** One that hangs has opened nothing just now. */
  async #isUpstream(asker: WorkerProcess, id: number, source: Endpoint): Promise<void> {
    const others = [...this.#alive].filter((worker) => worker !== asker);
    const answers = others.map((worker) =>
      worker.ask({ kind: 'hasUpstream', source }, UPSTREAM_LIMIT).catch(() => false),
    );
    asker.answer(id, (await Promise.all(answers)).includes(true));
  }

  #handOver(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#pick();
      const next = worker === null ? undefined : this.#waiting.shift();
      if (worker === null || next === undefined) {
        // The one whose turn it is may turn out to hang.
        this.#lookAgain ??= setTimeout(() => {
          this.#lookAgain = null;
          this.#handOver();
        }, HANG_MS);
        return;
      }
      this.#members.splice(this.#members.indexOf(worker), 1);
      this.#members.push(worker);
      worker.hand(next.listener, next.socket);
    }
  }

  /**
   * The worker with the fewest connections among those that are free, unless one that is busy for a moment has far fewer:
   * in a burst, whoever is quicker would get them all. One that hangs gets the one connection that it did not take.
   */
  #pick(): WorkerProcess | null {
    const able = this.#members.filter((worker) => worker.held < this.#fit && !worker.hangs);
    const fewest = Math.min(...able.map(({ held }) => held));
    const most = fewest * UNEVEN + UNEVEN_FEW;
    let picked: WorkerProcess | null = null;
    for (const worker of able) {
      if (!worker.isFree || worker.held > most) continue;
      if (picked === null || worker.held < picked.held) picked = worker;
    }
    return picked;
  }

  async #apply(change: Change): Promise<void> {
    const undo: Change | null = change.kind === 'trace' ? { kind: 'trace', on: this.#trace } : null;
    const late = await changeAll(this.#members, change, undo);
    if (change.kind === 'trace') this.#trace = change.on;
    else this.#reloads += 1;
    for (const { slot } of late) {
      this.#log.warn({ worker: slot, change: change.kind }, 'a worker hangs; it changes when it wakes up');
    }
  }

  #inTurn<T>(act: () => T | Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #fork(slot: number): WorkerProcess {
    const setup = { slot, config: this.#config, ticketKeys: this.#ticketKeys };
    const worker = new WorkerProcess(setup, {
      onLoad: () => this.#handOver(),
      onLog: this.#workerLog,
      onQuestion: (asker, id, source) => void this.#isUpstream(asker, id, source),
      onEnded: (ended, end) => this.#onEnded(ended, end),
    });
    this.#alive.add(worker);
    return worker;
  }

  #join(worker: WorkerProcess): void {
    worker.join(this.#trace);
    if (this.#ownSockets !== null) worker.useOwnSockets(this.#ownSockets);
    this.#members.push(worker);
    this.#handOver();
  }

  #onEnded(worker: WorkerProcess, { code, signal }: WorkerEnd): void {
    const { slot, pid, held } = worker;
    const wasMember = this.#members.includes(worker);
    this.#alive.delete(worker);
    this.#members = this.#members.filter((other) => other !== worker);
    this.#counted = merged([this.#counted, countersOf(worker.figures)]);
    if (this.#isStopping || !this.#isStarted) return;
    const delay = this.#delayOf(slot).next();
    if (wasMember) {
      this.#restarts += 1;
      this.#log.error({ worker: slot, pid, code, signal, links: held, delay }, 'worker ended; it is replaced');
    }
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      void this.#replace(slot);
    }, delay);
    this.#restartTimers.add(timer);
  }

  async #replace(slot: number): Promise<void> {
    const reloads = this.#reloads;
    const worker = this.#fork(slot);
    try {
      await worker.prepared;
    } catch (error) {
      if (!this.#isStopping) this.#log.error({ worker: slot, error: messageOf(error) }, 'worker not replaced yet');
      return;
    }
    await this.#inTurn(() => {
      if (this.#isStopping || !this.#alive.has(worker)) return;
      if (reloads !== this.#reloads) {
        // It has read files that are not those in force.
        worker.kill();
        return;
      }
      this.#delayOf(slot).began();
      this.#join(worker);
      this.#log.info({ worker: slot, pid: worker.pid }, 'worker replaced');
    });
  }

  #delayOf(slot: number): RestartDelay {
    const delay = this.#delays.get(slot) ?? new RestartDelay();
    this.#delays.set(slot, delay);
    return delay;
  }
}
