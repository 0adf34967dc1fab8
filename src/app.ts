import type { Carrier } from './carrier.js';
import { timeoutRisks } from './check/timeouts.js';
import { versionRisks } from './check/tls.js';
import type { Config } from './config.js';
import { VERSION } from './control/version.js';
import { formatEndpoint } from './lib/address.js';
import { messageOf } from './lib/errors.js';
import { InheritedSockets } from './lib/inherited-sockets.js';
import type { Log } from './lib/log.js';
import { Management, type ManagementSockets } from './management.js';
import { Traffic } from './traffic.js';
import { WorkerPool, type PoolOptions } from './workers/pool.js';

export interface AppOptions extends Omit<PoolOptions, 'ticketKeys' | 'slot'> {
  /** File descriptors of listening sockets that were opened for this process. Default: none. */
  readonly inheritedFds?: readonly number[];
}

/** Everything put together: start, reload, drain. What carries the traffic is this process, or workers. */
export class App {
  readonly #config: Config;
  readonly #log: Log;
  readonly #carrier: Carrier;
  readonly #management: Management;

  /** Where it listens, as `msrp:ip:port`. */
  readonly sockets: readonly string[];
  readonly httpd: string;
  /** As `udp:ip:port`; null: not configured. */
  readonly miDatagram: string | null;

  /**
   * Starts everything; httpd opens last, and only then is it ready.
   * @throws MsrptapError listen_failed, tls_domain_invalid, filter_load_failed, filter_route_missing, worker_failed;
   * nothing is left running then
   */
  static async start(options: AppOptions): Promise<App> {
    const { config, log, inheritedFds = [] } = options;
    for (const risk of [...timeoutRisks(config), ...versionRisks(config)]) log.warn(risk);
    const carrier = config.workers === 1 ? await Traffic.prepare(options) : await WorkerPool.start(options);
    const management = new Management(carrier, config, log);
    const inherited = new InheritedSockets(inheritedFds);
    try {
      const listeners = await carrier.listen(inherited);
      const { tcp, ...managed } = await management.listen(inherited);
      const rest = inherited.closeRest();
      // Clients that connect there wait for nobody.
      if (rest.length > 0) log.warn({ sockets: rest }, 'inherited sockets that are neither a listener nor httpd');
      carrier.useOwnSockets([...listeners, ...tcp]);
      carrier.watch();
      management.readiness = 'ready';
      const sockets = listeners.map((at, index) => `${config.listeners[index]?.proto ?? 'msrp'}:${formatEndpoint(at)}`);
      return new App(options, carrier, management, sockets, { ...managed, httpd: formatEndpoint(managed.httpd) });
    } catch (error) {
      inherited.closeRest();
      await Promise.all([carrier.drain(0, AbortSignal.abort()), management.close()]);
      throw error;
    }
  }

  private constructor(
    { config, log }: AppOptions,
    carrier: Carrier,
    management: Management,
    sockets: readonly string[],
    managed: Omit<ManagementSockets, 'httpd' | 'tcp'> & { readonly httpd: string },
  ) {
    this.#config = config;
    this.#log = log;
    this.#carrier = carrier;
    this.#management = management;
    this.sockets = sockets;
    this.httpd = managed.httpd;
    this.miDatagram = managed.mi_datagram;
    log.info(
      {
        sockets,
        ...managed,
        workers: config.workers,
        tracing: carrier.trace ? 'on' : 'off',
        destinations: config.proto_msrp.trace_destination,
        route: config.proto_msrp.trace_filter_route,
        max_connections: config.limits.max_connections,
        version: VERSION,
      },
      'ready',
    );
  }

  /** Filters and certificates, anew. What cannot be used leaves the previous one in force, and is said. */
  async reload(): Promise<void> {
    const kept = 'certificates not reloaded, the previous ones stay in force';
    await this.#reload(() => this.#management.reloadCertificates(), 'certificates reloaded', kept);
    if (this.#config.proto_msrp.trace_filter_route === null) return;
    const filter = (): Promise<void> => this.#carrier.apply({ kind: 'filter' });
    await this.#reload(filter, 'filter reloaded', 'filter not reloaded, the previous one stays in force');
  }

  /**
   * Stops accepting, ends links at message boundaries, at the latest after drain_timeout, sends what Homer is still to get,
   * and ends everything.
   * @param hurry cuts it short
   */
  async drain(hurry?: AbortSignal): Promise<void> {
    const { drain_timeout } = this.#config;
    this.#management.readiness = 'draining';
    this.#log.info({ links: this.#carrier.links, drain_timeout }, 'draining');
    const cut = await this.#carrier.drain(drain_timeout, hurry);
    await this.#management.close();
    this.#log.info({ cut }, 'stopped');
  }

  async #reload(change: () => Promise<void>, done: string, notDone: string): Promise<void> {
    try {
      await change();
      this.#log.info(done);
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, notDone);
    }
  }
}
