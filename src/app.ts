import { type AppOptions, type Parts, assemble } from './assembly.js';
import { timeoutRisks } from './check/timeouts.js';
import type { Config } from './config.js';
import { VERSION } from './control/version.js';
import { formatEndpoint } from './lib/address.js';
import { messageOf } from './lib/errors.js';
import { fired } from './lib/fired.js';
import type { Log } from './lib/log.js';

/** Milliseconds that HEP packets get to leave when everything else has ended: a destination that is down must not hold up a stop. */
const HEP_DRAIN_MS = 2_000;

/** Everything put together: start, reload, drain. */
export class App {
  readonly #config: Config;
  readonly #log: Log;
  readonly #parts: Parts;

  /** Where it listens, as `msrp:ip:port`. */
  readonly sockets: readonly string[];
  readonly httpd: string;

  /**
   * Starts everything; httpd opens last, and only then is it ready.
   * @throws MsrptapError listen_failed, tls_domain_invalid, filter_load_failed, filter_route_missing; nothing is left running then
   */
  static async start(options: AppOptions): Promise<App> {
    const { config, log } = options;
    for (const risk of timeoutRisks(config)) log.warn(risk);
    const parts = await assemble(options);
    try {
      const sockets = (await parts.proxy.listen()).map(
        (address, index) => `${config.listeners[index]?.proto ?? 'msrp'}:${formatEndpoint(address)}`,
      );
      const httpd = formatEndpoint(await parts.http.listen(config.httpd.ip, config.httpd.port));
      parts.filter?.watch();
      parts.http.readiness = 'ready';
      return new App(options, parts, sockets, httpd);
    } catch (error) {
      await parts.proxy.drain(0);
      await Promise.all([parts.http.close(), parts.filter?.stop(), parts.exporter.close()]);
      throw error;
    }
  }

  private constructor({ config, log }: AppOptions, parts: Parts, sockets: readonly string[], httpd: string) {
    this.#config = config;
    this.#log = log;
    this.#parts = parts;
    this.sockets = sockets;
    this.httpd = httpd;
    log.info(
      {
        sockets,
        httpd,
        tracing: parts.trace.on ? 'on' : 'off',
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
    try {
      this.#parts.useTls();
      this.#log.info('certificates reloaded');
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'certificates not reloaded, the previous ones stay in force');
    }
    try {
      await this.#parts.filter?.reload();
      if (this.#parts.filter !== null) this.#log.info('filter reloaded');
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'filter not reloaded, the previous one stays in force');
    }
  }

  /**
   * Stops accepting, ends links at message boundaries, at the latest after drain_timeout, sends what Homer is still to get,
   * and ends everything.
   * @param hurry cuts it short
   */
  async drain(hurry?: AbortSignal): Promise<void> {
    const { proxy, http, filter, exporter } = this.#parts;
    http.readiness = 'draining';
    this.#log.info({ links: proxy.links.size, drain_timeout: this.#config.drain_timeout }, 'draining');
    const cut = await proxy.drain(this.#config.drain_timeout, hurry);
    await filter?.stop();
    const flushed = exporter.drain(HEP_DRAIN_MS);
    await (hurry === undefined ? flushed : Promise.race([flushed, fired(hurry)]));
    await Promise.all([exporter.close(), http.close()]);
    this.#log.info({ cut }, 'stopped');
  }
}
