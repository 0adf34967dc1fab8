import type { Carrier, Change, Heard, Process } from '../carrier.js';
import type { Config } from '../config.js';
import { merged, type Figures } from '../control/figures.js';
import { joinHepRows, type HepRow } from '../control/hep-rows.js';
import { joinLinkPages, type LinkPage } from '../control/link-rows.js';
import type { PageRequest } from '../control/pages.js';
import { joinSessionPages, type SessionPage } from '../control/session-rows.js';
import type { Endpoint } from '../lib/address.js';
import { messageOf } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import { listenerKeys } from '../lib/listener-keys.js';
import { setLogLevel, type Log } from '../lib/log.js';
import type { OpenSocket } from '../lib/socket-fd.js';
import { Turns } from '../lib/turns.js';
import { AcceptGate, carriesOthers } from '../net/accept-gate.js';
import { watchModules } from '../trace/filter-watch.js';
import { Correlations, type CorrelationTime } from '../trace/correlations.js';
import { Spots, type SpotTime } from '../trace/spots.js';
import type { TrafficOptions } from '../traffic.js';
import { Acceptor } from './acceptor.js';
import { changeAll } from './change.js';
import { CorrelationNews } from './correlation-news.js';
import { Crew } from './crew.js';
import { drainCrew } from './draining.js';
import { HandOver } from './hand-over.js';
import { askAll, isUpstreamOf } from './questions.js';
import type { WorkerProcess } from './worker-process.js';

/** Milliseconds that a scrape waits for a worker; then its last known figures stand. */
const FIGURES_LIMIT = 1_000;
export interface PoolOptions extends TrafficOptions {
  /** Where the log lines of workers go, as they are. */
  readonly workerLog?: (line: string) => void;
}

/**
 * Workers that carry the traffic, under this process, which carries none: it accepts, and hands each connection to the
 * worker that has the fewest.
 */
export class WorkerPool implements Carrier {
  #config: Config;
  readonly #log: Log;
  readonly #logLinesDropped: () => number;
  readonly #crew: Crew;
  readonly #handOver: HandOver;
  readonly #acceptor: Acceptor;
  readonly correlations: Correlations;
  readonly #news: CorrelationNews;
  #trace: boolean;
  /** What is in force, for workers that join. */
  readonly #spots = new Spots();
  #reloads = 0;
  /** Changes, and workers that join, one after the other. */
  readonly #turns = new Turns();
  #unwatch: (() => void) | null = null;
  #isWatching = false;
  #ownSockets: readonly Endpoint[] | null = null;
  /** By listener: whether an address carries the connections of others. */
  #areProxies: ReadonlyMap<string, (ip: string) => boolean>;

  /**
   * Starts the workers; binds nothing.
   * @throws MsrptapError worker_failed, or what keeps a worker from starting; nothing is left running then
   */
  static async start(options: PoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    await pool.#crew.start((worker) => pool.#join(worker));
    return pool;
  }

  private constructor({ config, log, logLinesDropped = () => 0, workerLog = () => {} }: PoolOptions) {
    this.#config = config;
    this.#areProxies = proxiesOf(config);
    this.#log = log;
    this.#logLinesDropped = logLinesDropped;
    this.#trace = config.proto_msrp.trace_on === 1;
    this.correlations = new Correlations({
      limit: config.limits.correlations,
      lifetime: config.proto_msrp.correlation_lifetime,
    });
    this.#news = new CorrelationNews(this.correlations);
    this.#crew = new Crew({
      config: () => this.#config,
      log,
      workerLog,
      onLoad: () => this.#handOver.go(),
      onQuestion: (asker, id, source) => void this.#isUpstream(asker, id, source),
      onReplacement: (worker, reloads) => this.#turns.run(() => this.#replaced(worker, reloads)),
      reloads: () => this.#reloads,
    });
    const { members } = this.#crew;
    this.#handOver = new HandOver(members);
    const gate = new AcceptGate(() => this.#config.limits, {
      all: () => this.links,
      of: (source) => this.#connectionsFrom(source),
    });
    this.#acceptor = new Acceptor({
      admit: (listener, socket) => gate.admit(socket, this.#areProxies.get(listener) ?? (() => false)),
      onConnection: (listener, socket, source) => this.#handOver.add(listener, socket, source),
      onFailure: (listener, failure) => members[0]?.refused(listener, failure),
    });
  }

  get trace(): boolean {
    return this.#trace;
  }

  get spots(): readonly SpotTime[] {
    return this.#spots.times;
  }

  /** Accepted connections: what limits.max_connections is about. */
  get links(): number {
    return this.#crew.members.reduce((sum, { held }) => sum + held, this.#handOver.waiting);
  }

  get workers(): { readonly alive: number; readonly restarts: number } {
    return { alive: this.#crew.members.length, restarts: this.#crew.restarts };
  }

  get processes(): readonly Process[] {
    const workers = this.#crew.members.toSorted((a, b) => a.slot - b.slot);
    return [
      { pid: process.pid, type: 'control' },
      ...workers.map(({ slot, pid }) => ({ pid, type: `worker ${slot}` })),
    ];
  }

  listen(inherited?: InheritedSockets): Promise<readonly Endpoint[]> {
    return this.#acceptor.listen(this.#config.listeners, inherited);
  }

  get sockets(): readonly Endpoint[] {
    return this.#acceptor.addresses;
  }

  get open(): readonly OpenSocket[] {
    return this.#acceptor.open;
  }

  get accepted(): number {
    return this.links;
  }

  letGo(): void {
    this.#acceptor.close();
  }

  useOwnSockets(sockets: readonly Endpoint[]): void {
    this.#ownSockets = sockets;
    for (const worker of this.#crew.members) worker.useOwnSockets(sockets);
  }

  apply(change: Change): Promise<void> {
    return this.#turns.run(() => this.#apply(change));
  }

  async correlate(correlation: CorrelationTime): Promise<void> {
    this.correlations.tell(correlation);
    // What SIP said before must not come behind it.
    this.#news.flush();
    await askAll(this.#crew.members, (worker, limit) => worker.ask({ kind: 'correlate', correlation }, limit));
  }

  tellCorrelations(correlations: readonly CorrelationTime[]): void {
    for (const each of correlations) {
      this.correlations.tell(each);
      this.#news.add(each);
    }
  }

  learn(session: string, call: string): void {
    const news = this.correlations.learn(session, call);
    if (news !== null) this.#news.add(news);
  }

  watch(): void {
    this.#isWatching = true;
    this.#unwatch?.();
    this.#unwatch = null;
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
    await Promise.all(this.#crew.members.map((worker) => worker.askFigures(FIGURES_LIMIT)));
    // Only now: one that ended meanwhile is no member any more, and what it counted is among the counted.
    const { members, counted } = this.#crew;
    const own: Figures = {
      log_lines_dropped_total: [[{}, this.#logLinesDropped()]],
      limits_reached_total: [[{ limit: 'correlations' }, this.correlations.counts.forgotten]],
    };
    return merged([counted, own, ...members.map(({ figures }) => figures)]);
  }

  async linkPage(page: PageRequest): Promise<Heard<LinkPage>> {
    const heard = await askAll(this.#crew.members, (worker, limit) => worker.ask({ kind: 'links', page }, limit));
    return { ...heard, told: joinLinkPages(heard.told, page) };
  }

  async sessionPage(page: PageRequest): Promise<Heard<SessionPage>> {
    const heard = await askAll(this.#crew.members, (worker, limit) => worker.ask({ kind: 'sessions', page }, limit));
    return { ...heard, told: joinSessionPages(heard.told, page) };
  }

  async closeLink(link: string): Promise<Heard<boolean>> {
    const heard = await askAll(this.#crew.members, (worker, limit) => worker.ask({ kind: 'close', link }, limit));
    return { ...heard, told: heard.told.includes(true) };
  }

  async destinations(): Promise<Heard<readonly HepRow[]>> {
    const heard = await askAll(this.#crew.members, (worker, limit) => worker.ask({ kind: 'destinations' }, limit));
    return { ...heard, told: joinHepRows(heard.told) };
  }

  drain(timeout: number, hurry?: AbortSignal): Promise<number> {
    this.#stop();
    return drainCrew(this.#crew, timeout, this.#log, hurry);
  }

  #connectionsFrom(source: string): number {
    const waiting = this.#handOver.sources.of(source);
    return this.#crew.members.reduce((sum, { sources }) => sum + sources.of(source), waiting);
  }

  #stop(): void {
    this.#unwatch?.();
    this.#acceptor.close();
    this.#crew.stopReplacing();
    this.#handOver.stop();
  }

  async #isUpstream(asker: WorkerProcess, id: number, source: Endpoint): Promise<void> {
    const others = this.#crew.members.filter((worker) => worker !== asker);
    asker.answer(id, await isUpstreamOf(others, source));
  }

  async #apply(change: Change): Promise<void> {
    if (change.kind === 'config') return this.#applyConfig(change.config);
    await this.#changeAll(change);
    if (change.kind === 'trace') this.#setTrace(change.on);
    else if (change.kind === 'spot') this.#spots.set(change.spot);
    else this.#reloads += 1;
  }

  /** Its own part that can fail comes first: the ports, which the workers only hear of. */
  async #applyConfig(config: Config): Promise<void> {
    const listeners = await this.#acceptor.prepare(config.listeners);
    try {
      await this.#changeAll({ kind: 'config', config });
    } catch (error) {
      listeners.discard();
      throw error;
    }
    const { limits, proto_msrp } = config;
    const before = this.#config;
    this.#config = config;
    this.#areProxies = proxiesOf(config);
    this.#reloads += 1;
    listeners.use();
    if (proto_msrp.trace_on !== before.proto_msrp.trace_on) this.#setTrace(proto_msrp.trace_on === 1);
    this.correlations.limit({ limit: limits.correlations, lifetime: proto_msrp.correlation_lifetime });
    setLogLevel(this.#log, config.log.level);
    if (this.#isWatching) this.watch();
  }

  async #changeAll(change: Change): Promise<void> {
    const late = await changeAll([...this.#crew.members], change, this.#undoOf(change));
    for (const { slot } of late) {
      this.#log.warn({ worker: slot, change: change.kind }, 'a worker hangs; it changes when it wakes up');
    }
  }

  #setTrace(on: boolean): void {
    this.#trace = on;
    // As everywhere where it is switched off.
    if (!on) this.#spots.clear();
  }

  #undoOf(change: Change): Change | null {
    if (change.kind === 'trace') return { kind: 'trace', on: this.#trace };
    if (change.kind !== 'spot') return null;
    const { target } = change.spot;
    const known = this.#spots.times.find((spot) => spot.target === target);
    return { kind: 'spot', spot: known ?? { target, seconds: 0 } };
  }

  #join(worker: WorkerProcess): void {
    worker.join(this.#trace, this.#spots.times);
    if (this.#ownSockets !== null) worker.useOwnSockets(this.#ownSockets);
    this.#news.join(worker);
    this.#crew.add(worker);
    this.#handOver.go();
  }

  #replaced(worker: WorkerProcess, reloads: number): void {
    if (!this.#crew.isWelcome(worker)) return;
    if (reloads !== this.#reloads) {
      // It has read files that are not those in force.
      worker.kill();
      return;
    }
    this.#join(worker);
    this.#log.info({ worker: worker.slot, pid: worker.pid }, 'worker replaced');
  }
}

function proxiesOf({ listeners }: Config): ReadonlyMap<string, (ip: string) => boolean> {
  const keys = listenerKeys(listeners);
  return new Map(listeners.map(({ proxy_protocol }, index) => [keys[index] ?? '', carriesOthers(proxy_protocol)]));
}
