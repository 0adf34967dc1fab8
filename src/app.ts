import { setTimeout as pause } from 'node:timers/promises';
import type { Carrier } from './carrier.js';
import { timeoutRisks } from './check/timeouts.js';
import { versionRisks } from './check/tls.js';
import type { Config } from './config.js';
import type { Environment } from './config/token.js';
import type { ReloadOutcome } from './control/commands.js';
import { VERSION } from './control/version.js';
import { handOnCorrelations, handOnTrace, takeOn, type HandedOn, type Inheritance } from './handed-on.js';
import { formatEndpoint } from './lib/address.js';
import { messageOf } from './lib/errors.js';
import { InheritedSockets, type InheritedFd } from './lib/inherited-sockets.js';
import type { Log } from './lib/log.js';
import { Management, type ManagementSockets } from './management.js';
import { Reloader } from './reloader.js';
import { Traffic } from './traffic.js';
import { WorkerPool, type PoolOptions } from './workers/pool.js';

export interface AppOptions extends Omit<PoolOptions, 'ticketKeys' | 'slot'> {
  /** File descriptors of listening sockets that were opened for this process. Default: none. */
  readonly inheritedFds?: readonly InheritedFd[];
  /** Of a process that takes over: resolves when the one before it has let go. Default: there is none. */
  readonly predecessor?: Promise<void> | null;
  /** What that one knew when it started this. Default: nothing. */
  readonly handedOn?: HandedOn | null;
  /** What the configuration may use of it when it is read again. Default: nothing. */
  readonly environment?: Environment;
}

/** Milliseconds that links get to end at a message boundary, when they have had drain_timeout to end by themselves. */
const LAST_MS = 2_000;

/** How often it is looked whether all links have ended by themselves. */
const LOOK_MS = 50;

/** Everything put together: start, reload, drain. What carries the traffic is this process, or workers. */
export class App {
  readonly #reloader: Reloader;
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
    const { config, log, environment = {}, inheritedFds = [], predecessor = null, handedOn = null } = options;
    warn(config, log);
    const carrier = config.workers === 1 ? await Traffic.prepare(options) : await WorkerPool.start(options);
    const apply = async (next: Config): Promise<void> => {
      const managed = management.prepare(next);
      await carrier.apply({ kind: 'config', config: next });
      managed.use();
      carrier.useOwnSockets([...carrier.sockets, ...management.tcp]);
      warn(next, log);
    };
    const reloader = new Reloader({ config, environment, log, apply });
    const management = new Management(carrier, reloader, log);
    const inherited = new InheritedSockets(inheritedFds);
    try {
      // Whether a connection is traced is decided when it comes.
      if (handedOn !== null) await takeOn(carrier, config, handedOn);
      const listeners = await carrier.listen(inherited);
      const managed = await management.listen(inherited, predecessor);
      const rest = inherited.closeRest();
      // Clients that connect there wait for nobody.
      if (rest.length > 0) log.warn({ sockets: rest }, 'inherited sockets that are neither a listener nor httpd');
      carrier.useOwnSockets([...listeners, ...management.tcp]);
      carrier.watch();
      management.readiness = 'ready';
      const sockets = listeners.map((at, index) => `${config.listeners[index]?.proto ?? 'msrp'}:${formatEndpoint(at)}`);
      return new App(log, reloader, carrier, management, sockets, { ...managed, httpd: formatEndpoint(managed.httpd) });
    } catch (error) {
      inherited.closeRest();
      await Promise.all([carrier.drain(0, AbortSignal.abort()), management.close()]);
      throw error;
    }
  }

  private constructor(
    log: Log,
    reloader: Reloader,
    carrier: Carrier,
    management: Management,
    sockets: readonly string[],
    managed: Omit<ManagementSockets, 'httpd'> & { readonly httpd: string },
  ) {
    const { config } = reloader;
    this.#log = log;
    this.#reloader = reloader;
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

  /** The whole configuration anew, with the files that it names. What cannot be used leaves the previous one in force, and is said. */
  reload(): Promise<ReloadOutcome> {
    return this.#reloader.reload();
  }

  /**
   * Stops accepting, ends links at message boundaries, at the latest after drain_timeout, sends what Homer is still to get,
   * and ends everything.
   * @param hurry cuts it short
   */
  async drain(hurry?: AbortSignal): Promise<void> {
    this.#management.readiness = 'draining';
    await this.#reloader.stop();
    const { drain_timeout } = this.#reloader.config;
    this.#log.info({ links: this.#carrier.links, drain_timeout }, 'draining');
    const cut = await this.#carrier.drain(drain_timeout, hurry);
    await this.#management.close();
    this.#log.info({ cut }, 'stopped');
  }

  /**
   * Has another process take over, and `leave()` is next.
   * @param start with what it has to have; resolves when it is ready
   * @throws what that fails with; this process goes on then
   */
  handOver<T>(start: (inheritance: Inheritance) => Promise<T>): Promise<T> {
    const carrier = this.#carrier;
    return this.#reloader.handOver(() =>
      start({
        sockets: [...carrier.open, ...this.#management.open],
        trace: () => handOnTrace(carrier, this.#reloader.config),
        correlations: () => handOnCorrelations(carrier),
      }),
    );
  }

  /** What the process before this one tells. Never rejects. */
  async takeOn(handedOn: HandedOn): Promise<void> {
    try {
      await takeOn(this.#carrier, this.#reloader.config, handedOn);
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'what the process before this one knew is not in force');
    }
  }

  /**
   * Another process has taken over: accepts nothing more and gives its sockets away; links live on until they end, for
   * drain_timeout at most, then they are drained.
   * @param letGo called when the sockets are the other's alone; resolves when it has been told all
   * @param stop has them drained now
   * @param hurry cuts that short, too
   */
  async leave(letGo: () => Promise<void>, stop: AbortSignal, hurry: AbortSignal): Promise<void> {
    this.#management.readiness = 'draining';
    await this.#reloader.stop();
    const { drain_timeout } = this.#reloader.config;
    this.#carrier.letGo();
    await this.#management.letGo();
    await letGo();
    this.#log.info({ links: this.#carrier.accepted, drain_timeout }, 'handed over; links that stand live on');
    const until = performance.now() + drain_timeout;
    while (this.#carrier.accepted > 0 && performance.now() < until && !stop.aborted) await pause(LOOK_MS);
    const cut = await this.#carrier.drain(LAST_MS, hurry);
    this.#log.info({ cut }, 'stopped');
  }
}

function warn(config: Config, log: Log): void {
  for (const risk of [...timeoutRisks(config), ...versionRisks(config)]) log.warn(risk);
}
