import { join } from 'node:path';
import type { Socket } from 'node:net';
import type { Carrier, Change, Heard, Process } from './carrier.js';
import type { Config } from './config.js';
import type { Limits } from './config/types.js';
import { workerLimits } from './config/worker-limits.js';
import { ConnectionLog } from './control/connection-log.js';
import { Counting } from './control/counting.js';
import type { Figures } from './control/figures.js';
import type { HepRow } from './control/hep-rows.js';
import { linkPage, type LinkPage } from './control/link-rows.js';
import { pageOf, type PageRequest } from './control/pages.js';
import type { SessionPage } from './control/session-rows.js';
import type { Layer, Observer } from './events.js';
import { HepExporter } from './hep/exporter.js';
import type { PacketIdentity } from './hep/packet.js';
import type { SpoolOptions } from './hep/spool.js';
import type { DestinationConfig } from './hep/transport.js';
import { formatHostPort, type Endpoint } from './lib/address.js';
import { messageOf } from './lib/errors.js';
import { fired } from './lib/fired.js';
import type { InheritedSockets } from './lib/inherited-sockets.js';
import type { Log } from './lib/log.js';
import { LoopLag } from './lib/loop-lag.js';
import type { Prepared } from './lib/prepared.js';
import { RateLimitedLog } from './lib/rate-limited-log.js';
import { PARSE_ERRORS } from './msrp/parse-errors.js';
import { type ClientTls, type LoadedClientTls, loadClientTls } from './net/client-tls.js';
import type { AcceptFailure } from './net/listener.js';
import { loadServerTls, type ServerTls } from './net/server-tls.js';
import { newTicketKeys } from './net/tls-acceptor.js';
import { Observers } from './proxy/observers.js';
import { Proxy } from './proxy/proxy.js';
import { Sessions } from './sessions/sessions.js';
import { Totals } from './sessions/totals.js';
import { Correlations, type CorrelationTime } from './trace/correlations.js';
import { NO_DECISIONS, NO_MESSAGE_DECISIONS } from './trace/filter-outcomes.js';
import { FilterThread } from './trace/filter-thread.js';
import type { SpotTime } from './trace/spots.js';
import { Tracer } from './trace/tracer.js';
import { Transactions } from './transactions/transactions.js';

/** What may wait for a route's answer or a session, however small the queues of the destinations are. */
const MIN_WAITING_BYTES = 1_048_576;

/** Milliseconds that HEP packets get to leave when everything else has ended: a destination that is down must not hold up a stop. */
export const HEP_DRAIN_MS = 2_000;

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
  readonly correlations: Correlations;
  readonly #config: Config;
  /** What this process gets of those that are over all workers. */
  readonly #limits: Limits;
  readonly #filter: FilterThread | null;
  readonly #exporter: HepExporter;
  readonly #tracer: Tracer | null;
  readonly #trace: { readonly on: boolean; set(on: boolean): void };
  readonly #counting: Counting;
  readonly #sessions: Sessions | null;
  readonly #loopLag: LoopLag;
  readonly #connectionLog: ConnectionLog;
  readonly #errorLog: RateLimitedLog;
  readonly #proxy: Proxy;
  #tls: LoadedTls;
  #prepared: Prepared | null = null;
  #observerErrors = 0;

  /**
   * Reads certificates and filter; binds nothing.
   * @throws MsrptapError tls_domain_invalid, filter_load_failed, filter_route_missing; nothing is left running then
   */
  static async prepare(options: TrafficOptions): Promise<Traffic> {
    return new Traffic(options, loadTls(options.config), await startFilter(options));
  }

  private constructor(
    {
      config,
      log,
      logLinesDropped = () => 0,
      observers = [],
      ticketKeys = newTicketKeys(),
      slot = 1,
      isOthersUpstream,
      onGone,
    }: TrafficOptions,
    tls: LoadedTls,
    filter: FilterThread | null,
  ) {
    const { proto_msrp, proto_hep } = config;
    const limits = workerLimits(config);
    this.#limits = limits;
    const clientTls: ClientTls = (address, host) => this.#tls.client.domainFor(address, host);
    this.#config = config;
    this.#filter = filter;
    this.#tls = tls;
    const exporter = new HepExporter({
      identity: identity(config),
      queueBytes: proto_hep.hep_queue_bytes,
      // Each worker has connections to the destinations of its own.
      maxRate: proto_hep.hep_max_rate / config.workers,
      policy: proto_hep.hep_policy,
      spool: spoolOptions(config, slot),
      destinations: destinations(config, clientTls),
      log,
    });
    this.#exporter = exporter;
    this.correlations = new Correlations({
      limit: limits.correlations,
      lifetime: proto_msrp.correlation_lifetime,
    });
    // Without a destination nothing is traced, but MI still tells and keeps the switch.
    const tracer =
      proto_msrp.trace_destination.length === 0
        ? null
        : new Tracer(
            {
              ...proto_msrp,
              ...proto_hep,
              waiting_bytes: Math.max(proto_hep.hep_queue_bytes, MIN_WAITING_BYTES),
              failure_events: () => this.#limits.failure_events,
            },
            exporter,
            filter,
            this.correlations,
          );
    this.#tracer = tracer;
    this.#trace = tracer ?? traceSwitch(proto_msrp.trace_on === 1);
    this.#counting = new Counting(Object.keys(PARSE_ERRORS), {
      filterDecisions: () => filter?.counts() ?? NO_DECISIONS,
      messageFilterDecisions: () => filter?.messageCounts() ?? NO_MESSAGE_DECISIONS,
      hep: () => exporter.stats(),
      tlsCertificates: () => [...this.#tls.server.expiries, ...this.#tls.client.expiries],
      upstreams: () => this.#proxy.upstreams,
      sessions: () => this.#sessions?.states() ?? NO_SESSIONS,
      sessionTotals: () => this.#sessions?.totals() ?? { up: new Totals(), down: new Totals() },
      transactionsOpen: () => transactions?.open ?? 0,
      buffers: () => this.#proxy.buffers,
      // All workers know the same ones; where there are several, the control process counts.
      correlationsForgotten: () => (config.workers === 1 ? this.correlations.counts.forgotten : 0),
      failuresLeftOut: () => tracer?.failures.leftOut ?? 0,
      observerErrors: () => this.#observerErrors,
      logLinesDropped,
      usage: () => usageOf(slot),
    });
    const sessions = proto_msrp.sessions === 1 ? new Sessions(this.#counting.sessions, () => this.#limits) : null;
    this.#sessions = sessions;
    const { transaction_timeout } = proto_msrp;
    const transactions =
      transaction_timeout === 0
        ? null
        : new Transactions(
            transaction_timeout,
            () => this.#limits.transactions,
            this.#counting,
            (link) => sessions?.on(link) ?? null,
          );
    if (transactions !== null) sessions?.watch(transactions);
    this.#loopLag = new LoopLag((lag) => this.#counting.lag(lag));
    this.#connectionLog = new ConnectionLog(log);
    this.#errorLog = new RateLimitedLog(log);
    this.#proxy = new Proxy(
      config.listeners.map((each) => ({ ...each, tls: each.proto === 'msrps' ? tls.server : null })),
      {
        ...proto_msrp,
        limits,
        ticketKeys,
        firstTurn: slot - 1,
        to_path: config.to_path,
      },
      { clientTls, isOthersUpstream: isOthersUpstream ?? (() => false), onGone },
      this.#observers(
        [
          this.#counting,
          this.#connectionLog,
          ...(tracer === null ? [] : [tracer]),
          ...(sessions === null ? [] : [sessions]),
          ...observers,
        ],
        transactions === null ? [] : [transactions],
      ),
    );
  }

  get trace(): boolean {
    return this.#trace.on;
  }

  get spots(): readonly SpotTime[] {
    return this.#tracer?.spots.times ?? [];
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

  /**
   * A connection that the control process accepted on the listener with that index.
   * @param source as what it counts there; null: it is not counted
   */
  take(listener: number, raw: Socket, source: string | null): void {
    this.#proxy.take(listener, raw, source);
  }

  /** One that it refused. */
  refused(listener: number, failure: AcceptFailure): void {
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
    this.#trace.set(trace);
    for (const spot of spots) this.#tracer?.spot(spot);
  }

  async apply(change: Change): Promise<void> {
    await this.make(change);
    this.commit();
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
    this.#filter?.watch();
  }

  figures(): Promise<Figures> {
    return Promise.resolve(this.#counting.figures());
  }

  async linkPage(page: PageRequest): Promise<Heard<LinkPage>> {
    return heard(linkPage(this.#proxy.links, page));
  }

  async sessionPage(page: PageRequest): Promise<Heard<SessionPage>> {
    return heard(pageOf([...(this.#sessions?.entries() ?? [])], page, (session) => session.row()));
  }

  async closeLink(id: string): Promise<Heard<boolean>> {
    return heard(this.#proxy.close(id));
  }

  async destinations(): Promise<Heard<readonly HepRow[]>> {
    const rows = this.#exporter.stats().map((stats): HepRow => {
      const hepId = this.#config.proto_hep.hep_id.find(({ name }) => name === stats.name);
      const address = hepId === undefined ? '' : formatHostPort(hepId);
      return { ...stats, address, connected: stats.connected === 1 };
    });
    return heard(rows);
  }

  async drain(timeout: number, hurry?: AbortSignal): Promise<number> {
    const cut = await this.#proxy.drain(timeout, hurry);
    this.#sessions?.stop();
    this.#loopLag.stop();
    this.discard();
    await this.#filter?.stop();
    this.#tracer?.flush();
    const flushed = this.#exporter.drain(HEP_DRAIN_MS);
    await (hurry === undefined ? flushed : Promise.race([flushed, fired(hurry)]));
    await this.#exporter.close();
    this.#connectionLog.flush();
    this.#errorLog.flush();
    return cut;
  }

  /** Resets all links in this turn: the process ends at once. */
  cut(): void {
    this.#proxy.cut();
  }

  async #prepare(change: Change): Promise<Prepared> {
    switch (change.kind) {
      case 'trace':
        return { use: () => this.#trace.set(change.on), discard: () => {} };
      case 'spot':
        return { use: () => this.#tracer?.spot(change.spot), discard: () => {} };
      case 'certificates':
        return this.#prepareTls();
      case 'filter':
        return (await this.#filter?.prepareReload()) ?? NOTHING;
    }
  }

  #prepareTls(): Prepared {
    // Both are read before either is used: a half of the new certificates is in force never.
    const tls = loadTls(this.#config);
    return {
      use: () => {
        this.#tls = tls;
        this.#proxy.useTls(tls.server);
      },
      discard: () => {},
    };
  }

  #observers(observers: readonly Observer[], layers: readonly Layer[]): Observers {
    const onError = (thrown: unknown): void => {
      this.#observerErrors += 1;
      this.#errorLog.write('error', 'an observer failed; forwarding goes on', { error: messageOf(thrown) });
    };
    return new Observers(observers, onError, layers);
  }
}

function heard<T>(told: T): Heard<T> {
  return { told, missing: [] };
}

/** Where they are not watched. */
const NO_SESSIONS = { flowing: 0, stalled: 0, one_sided: 0 };

const NOTHING: Prepared = { use: () => {}, discard: () => {} };

/** The files of all TLS domains, as they were read. */
interface LoadedTls {
  readonly server: ServerTls;
  readonly client: LoadedClientTls;
}

/** @throws MsrptapError tls_domain_invalid */
function loadTls({ tls_mgm }: Config): LoadedTls {
  return { server: loadServerTls(tls_mgm.server_domain), client: loadClientTls(tls_mgm.client_domain) };
}

async function startFilter({ config, log }: TrafficOptions): Promise<FilterThread | null> {
  const { proto_msrp, filters } = config;
  const routeName = proto_msrp.trace_filter_route;
  if (routeName === null) return null;
  return FilterThread.start({ file: join(filters, `${routeName}.js`), routeName, log });
}

function traceSwitch(on: boolean): { readonly on: boolean; set(on: boolean): void } {
  return {
    get on() {
      return on;
    },
    set: (value) => (on = value),
  };
}

function usageOf(slot: number): { worker: string; cpuSeconds: number; residentBytes: number } {
  const { user, system } = process.cpuUsage();
  return { worker: String(slot), cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}

function identity({ proto_hep }: Config): PacketIdentity {
  const { hep_capture_id, hep_node_name, hep_auth_key } = proto_hep;
  return {
    captureId: hep_capture_id,
    ...(hep_node_name === undefined ? {} : { nodeName: hep_node_name }),
    ...(hep_auth_key === undefined ? {} : { authKey: hep_auth_key }),
  };
}

function spoolOptions({ proto_hep: { hep_spool }, workers }: Config, slot: number): SpoolOptions | null {
  return hep_spool === null ? null : { dir: hep_spool.dir, maxBytes: hep_spool.max_bytes, slot, workers };
}

/** The hep_ids that trace_destination names, in its order. */
function destinations({ proto_msrp, proto_hep }: Config, clientTls: ClientTls): DestinationConfig[] {
  return proto_msrp.trace_destination
    .flatMap((wanted) => proto_hep.hep_id.filter(({ name }) => name === wanted))
    .map((hepId) => ({
      ...hepId,
      tls: (address) => {
        const { options, verify_cert, checkServer } = clientTls(address, hepId.host);
        return { ...options, rejectUnauthorized: verify_cert === 1, checkServer };
      },
    }));
}
