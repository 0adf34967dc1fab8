import type { Socket } from 'node:net';
import type { Carrier, Change, Heard, Process } from './carrier.js';
import type { Config } from './config.js';
import type { Figures } from './control/figures.js';
import type { HepRow } from './control/hep-rows.js';
import { linkPage, type LinkPage } from './control/link-rows.js';
import { pageOf, type PageRequest } from './control/pages.js';
import type { SessionPage } from './control/session-rows.js';
import type { Observer } from './events.js';
import type { Endpoint } from './lib/address.js';
import type { InheritedSockets } from './lib/inherited-sockets.js';
import { setLogLevel, type Log } from './lib/log.js';
import type { OpenSocket } from './lib/socket-fd.js';
import { preparedTogether, type Prepared } from './lib/prepared.js';
import { Turns } from './lib/turns.js';
import type { AcceptFailure } from './net/listener.js';
import { newTicketKeys } from './net/tls-acceptor.js';
import { Proxy } from './proxy/proxy.js';
import type { Correlations, CorrelationTime } from './trace/correlations.js';
import type { SpotTime } from './trace/spots.js';
import { Filters } from './traffic/filters.js';
import { Mirroring } from './traffic/mirroring.js';
import { Observing } from './traffic/observing.js';
import { listenersOf, proxyOptionsOf } from './traffic/settings.js';
import { loadTls, TlsInForce } from './traffic/tls.js';

export { HEP_DRAIN_MS } from './traffic/mirroring.js';

export interface TrafficOptions {
  readonly config: Config;
  readonly log: Log;
  /** Log lines lost so far, for the metrics. */
  readonly logLinesDropped?: () => number;
  /** Told everything, as metrics and the tracer are. */
  readonly observers?: readonly Observer[];
  /** What TLS session tickets are made with, 48 octets. Default: random ones. */
  readonly ticketKeys?: Buffer;
  /** Which worker this is, from 1 on. */
  readonly slot?: number;
  /** Whether a socket is one that another worker has opened towards a next hop. Default: there is no other. */
  readonly isOthersUpstream?: (source: Endpoint) => Promise<boolean>;
  /** Told when a connection closes that the control process counts as of this source. */
  readonly onGone?: (source: string) => void;
}

/** What carries traffic within a process: proxy, tracing, filter, HEP. The control part asks it, here or in a worker. */
export class Traffic implements Carrier {
  readonly workers = { alive: 1, restarts: 0 };
  readonly #log: Log;
  readonly #ticketKeys: Buffer;
  readonly #slot: number;
  readonly #tls: TlsInForce;
  readonly #mirroring: Mirroring;
  readonly #observing: Observing;
  readonly #proxy: Proxy;
  readonly #changes = new Turns();
  #config: Config;
  #prepared: Prepared | null = null;

  /**
   * Reads certificates and filter; binds nothing.
   * @throws MsrptapError tls_domain_invalid, filter_load_failed, filter_route_missing; nothing is left running then
   */
  static async prepare(options: TrafficOptions): Promise<Traffic> {
    const tls = new TlsInForce(loadTls(options.config));
    return new Traffic(options, tls, await Filters.start(options.config, options.log));
  }

  private constructor(options: TrafficOptions, tls: TlsInForce, filters: Filters) {
    const { config, log, logLinesDropped = () => 0, observers = [] } = options;
    const { ticketKeys = newTicketKeys(), slot = 1, isOthersUpstream = () => false, onGone } = options;
    this.#config = config;
    this.#log = log;
    this.#ticketKeys = ticketKeys;
    this.#slot = slot;
    this.#tls = tls;
    this.#mirroring = new Mirroring({ config, log, filters, clientTls: tls.client, slot });
    const sources = {
      filterDecisions: () => filters.counts(),
      messageFilterDecisions: () => filters.messageCounts(),
      hep: () => this.#mirroring.stats(),
      tlsCertificates: () => tls.expiries,
      upstreams: () => this.#proxy.upstreams,
      buffers: () => this.#proxy.buffers,
      // All workers know the same ones; where there are several, the control process counts.
      correlationsForgotten: () => (config.workers === 1 ? this.correlations.counts.forgotten : 0),
      failuresLeftOut: () => this.#mirroring.failuresLeftOut,
      logLinesDropped,
      usage: () => usageOf(slot),
    };
    this.#observing = new Observing({ config, log, sources, observers });
    this.#observing.use(config, this.#mirroring.observer);
    this.#proxy = new Proxy(
      listenersOf(config, tls.server),
      proxyOptionsOf(config, ticketKeys, slot),
      { clientTls: tls.client, isOthersUpstream, onGone },
      this.#observing.observers,
    );
  }

  get correlations(): Correlations {
    return this.#mirroring.correlations;
  }

  get trace(): boolean {
    return this.#mirroring.on;
  }

  get spots(): readonly SpotTime[] {
    return this.#mirroring.spots;
  }

  get links(): number {
    return this.#proxy.links.size;
  }

  get processes(): readonly Process[] {
    return [{ pid: process.pid, type: 'control and traffic' }];
  }

  /** Accepted connections, those in a handshake included. */
  get accepted(): number {
    return this.#proxy.accepted;
  }

  listen(inherited?: InheritedSockets): Promise<readonly Endpoint[]> {
    return this.#proxy.listen(inherited);
  }

  get sockets(): readonly Endpoint[] {
    return this.#proxy.addresses;
  }

  get open(): readonly OpenSocket[] {
    return this.#proxy.open;
  }

  letGo(): void {
    this.#proxy.letGo();
  }

  /**
   * A connection that the control process accepted on the listener with that key.
   * @param source as what it counts there; null: it is not counted
   */
  take(listener: string, raw: Socket, source: string | null): void {
    this.#proxy.take(listener, raw, source);
  }

  /** One that it refused. */
  refused(listener: string, failure: AcceptFailure): void {
    this.#proxy.refused(listener, failure);
  }

  useOwnSockets(sockets: readonly Endpoint[]): void {
    this.#proxy.useOwnSockets(sockets);
  }

  /** Whether a socket is one that was opened here towards a next hop. */
  hasUpstreamAt(source: Endpoint): boolean {
    return this.#proxy.hasUpstreamAt(source);
  }

  /** What is in force when this process begins to carry traffic. */
  takeOver(trace: boolean, spots: readonly SpotTime[]): void {
    this.#mirroring.set(trace);
    for (const spot of spots) this.#mirroring.spot(spot);
  }

  apply(change: Change): Promise<void> {
    return this.#changes.run(async () => {
      await this.make(change);
      this.commit();
    });
  }

  async correlate(correlation: CorrelationTime): Promise<void> {
    this.correlations.tell(correlation);
  }

  learn(session: string, call: string): void {
    this.correlations.learn(session, call);
  }

  /** What the control process knows. */
  tellCorrelations(correlations: readonly CorrelationTime[]): void {
    for (const correlation of correlations) this.correlations.tell(correlation);
  }

  /** The first half of a change: everything that can fail. The second is `commit` or `discard`. */
  async make(change: Change): Promise<void> {
    this.discard();
    this.#prepared = await this.#prepare(change);
  }

  commit(): void {
    const prepared = this.#prepared;
    this.#prepared = null;
    prepared?.use();
  }

  discard(): void {
    const prepared = this.#prepared;
    this.#prepared = null;
    prepared?.discard();
  }

  watch(): void {
    this.#mirroring.filters.watch();
  }

  figures(): Promise<Figures> {
    return Promise.resolve(this.#observing.counting.figures());
  }

  async linkPage(page: PageRequest): Promise<Heard<LinkPage>> {
    return heard(linkPage(this.#proxy.links, page));
  }

  async sessionPage(page: PageRequest): Promise<Heard<SessionPage>> {
    return heard(pageOf([...this.#observing.sessions()], page, (session) => session.row()));
  }

  async closeLink(id: string): Promise<Heard<boolean>> {
    return heard(this.#proxy.close(id));
  }

  async destinations(): Promise<Heard<readonly HepRow[]>> {
    return heard(this.#mirroring.destinations());
  }

  async drain(timeout: number, hurry?: AbortSignal): Promise<number> {
    const cut = await this.#proxy.drain(timeout, hurry);
    this.#observing.stop();
    this.discard();
    await this.#mirroring.drain(hurry);
    this.#observing.flush();
    return cut;
  }

  /** Resets all links in this turn: the process ends at once. */
  cut(): void {
    this.#proxy.cut();
  }

  async #prepare(change: Change): Promise<Prepared> {
    switch (change.kind) {
      case 'trace':
        return { use: () => this.#mirroring.set(change.on), discard: () => {} };
      case 'spot':
        return { use: () => this.#mirroring.spot(change.spot), discard: () => {} };
      case 'certificates':
        return this.#prepareTls();
      case 'filter':
        return this.#mirroring.filters.prepareReload();
      case 'config':
        return this.#prepareConfig(change.config);
    }
  }

  #prepareTls(): Prepared {
    const tls = loadTls(this.#config);
    const { use, discard } = this.#tls.prepare(tls);
    return {
      use: () => {
        use();
        this.#proxy.useTls(tls.server);
      },
      discard,
    };
  }

  /** Ports last: nobody is to connect to one that is closed again because a certificate cannot be read. */
  async #prepareConfig(config: Config): Promise<Prepared> {
    const tls = loadTls(config);
    const { use, discard } = await preparedTogether([
      () => this.#tls.prepare(tls),
      () => this.#mirroring.prepare(config),
      () => this.#proxy.prepare(listenersOf(config, tls.server), proxyOptionsOf(config, this.#ticketKeys, this.#slot)),
    ]);
    return {
      use: () => {
        use();
        this.#observing.use(config, this.#mirroring.observer);
        setLogLevel(this.#log, config.log.level);
        this.#config = config;
      },
      discard,
    };
  }
}

function heard<T>(told: T): Heard<T> {
  return { told, missing: [] };
}

function usageOf(slot: number): { worker: string; cpuSeconds: number; residentBytes: number } {
  const { user, system } = process.cpuUsage();
  return { worker: String(slot), cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}
