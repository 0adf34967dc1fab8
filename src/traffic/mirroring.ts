import type { Config } from '../config.js';
import type { HepRow } from '../control/hep-rows.js';
import { HepExporter, type DestinationStats } from '../hep/exporter.js';
import { formatHostPort } from '../lib/address.js';
import { fired } from '../lib/fired.js';
import type { Log } from '../lib/log.js';
import type { Prepared } from '../lib/prepared.js';
import type { ClientTls } from '../net/client-tls.js';
import { Correlations } from '../trace/correlations.js';
import type { SpotTime } from '../trace/spots.js';
import { Tracer } from '../trace/tracer.js';
import type { Filters } from './filters.js';
import { exporterSettingsOf, tracerOptionsOf } from './settings.js';

/** Milliseconds that HEP packets get to leave when everything else has ended: a destination that is down must not hold up a stop. */
export const HEP_DRAIN_MS = 2_000;

export interface MirroringOptions {
  readonly config: Config;
  readonly log: Log;
  readonly filters: Filters;
  readonly clientTls: ClientTls;
  /** Which worker this is, from 1 on. */
  readonly slot: number;
}

/** All that mirrors: the tracer, the filter that it asks, the destinations that get what it sends. */
export class Mirroring {
  readonly correlations: Correlations;
  readonly filters: Filters;
  readonly #options: MirroringOptions;
  readonly #exporter: HepExporter;
  readonly #tracer: Tracer;
  #config: Config;
  /** Of the links to come. */
  #letGoOfFilter: () => void;

  constructor(options: MirroringOptions) {
    const { config, log, filters, clientTls, slot } = options;
    this.#options = options;
    this.#config = config;
    this.filters = filters;
    this.#exporter = new HepExporter({ ...exporterSettingsOf(config, clientTls, slot), log });
    this.correlations = new Correlations(correlationLimits(config));
    this.#tracer = new Tracer(tracerOptionsOf(config), this.#exporter, filters.current, this.correlations);
    this.#letGoOfFilter = filters.hold();
  }

  /** Who observes the links to come; null: without a destination nothing is traced, but MI still tells and keeps the switch. */
  get observer(): Tracer | null {
    return this.#config.proto_msrp.trace_destination.length === 0 ? null : this.#tracer;
  }

  get on(): boolean {
    return this.#tracer.on;
  }

  set(on: boolean): void {
    this.#tracer.set(on);
  }

  get spots(): readonly SpotTime[] {
    return this.#tracer.spots.times;
  }

  spot(spot: SpotTime): void {
    this.#tracer.spot(spot);
  }

  /** Since the start. */
  get failuresLeftOut(): number {
    return this.#tracer.failures.leftOut;
  }

  stats(): readonly DestinationStats[] {
    return this.#exporter.stats();
  }

  destinations(): readonly HepRow[] {
    return this.#exporter.stats().map((stats): HepRow => {
      const hepId = this.#config.proto_hep.hep_id.find(({ name }) => name === stats.name);
      const address = hepId === undefined ? '' : formatHostPort(hepId);
      return { ...stats, address, connected: stats.connected === 1 };
    });
  }

  /** @throws MsrptapError filter_load_failed, filter_route_missing */
  async prepare(config: Config): Promise<Prepared> {
    const filter = await this.filters.prepare(config);
    const use = (): void => {
      filter.use();
      this.#use(config);
    };
    return { use, discard: () => filter.discard() };
  }

  /** Sends what Homer is still to get, and ends everything. @param hurry cuts it short */
  async drain(hurry?: AbortSignal): Promise<void> {
    await this.filters.stop();
    this.#tracer.flush();
    const flushed = this.#exporter.drain(HEP_DRAIN_MS);
    await (hurry === undefined ? flushed : Promise.race([flushed, fired(hurry)]));
    await this.#exporter.close();
  }

  #use(config: Config): void {
    const { clientTls, slot } = this.#options;
    const before = this.#config.proto_msrp.trace_on;
    this.#config = config;
    this.#exporter.use(exporterSettingsOf(config, clientTls, slot));
    this.correlations.limit(correlationLimits(config));
    const letGo = this.#letGoOfFilter;
    this.#letGoOfFilter = this.filters.hold();
    this.#tracer.use(tracerOptionsOf(config), this.filters.current, letGo);
    const { trace_on } = config.proto_msrp;
    // Where the file says the same as before, what MI has switched since stays.
    if (trace_on !== before) this.#tracer.set(trace_on === 1);
  }
}

function correlationLimits({ limits, proto_msrp }: Config): { readonly limit: number; readonly lifetime: number } {
  return { limit: limits.correlations, lifetime: proto_msrp.correlation_lifetime };
}
