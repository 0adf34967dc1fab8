import type { Config } from '../config.js';
import { NOTHING_REFUSED, REFUSALS, type HttpGateOptions } from '../control/http-gate.js';
import { HttpServer } from '../control/http.js';
import type { Readiness } from '../control/http-routes.js';
import type { HttpTls } from '../control/http-tls.js';
import type { Metrics } from '../control/metrics.js';
import type { CommandTable } from '../control/mi-command.js';
import type { Endpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import type { Log } from '../lib/log.js';
import type { OpenSocket } from '../lib/socket-fd.js';
import type { Prepared } from '../lib/prepared.js';
import { httpTls } from './http-tls.js';

/** The sections that have an HTTP port. */
type PortName = 'httpd' | 'prometheus';

/** httpd, and the port that metrics may have of their own. */
export class HttpPorts {
  readonly #config: Config;
  /** prometheus null: metrics have no port of their own. */
  readonly #servers: { readonly httpd: HttpServer; readonly prometheus: HttpServer | null };
  /** Whether clients of the port are asked for certificates: a server that listens cannot begin to, or stop. */
  readonly #asks: Readonly<Record<PortName, boolean>>;

  /** @throws MsrptapError tls_domain_invalid */
  constructor(metrics: Metrics, config: Config, commands: CommandTable, log: Log) {
    const { httpd, prometheus, mi_http } = config;
    const tls = tlsOf(config);
    const common = { metricsRoot: prometheus.root, scrape: () => metrics.scrape(), log };
    this.#config = config;
    this.#asks = { httpd: asks(tls.httpd), prometheus: asks(tls.prometheus) };
    this.#servers = {
      httpd: new HttpServer({ ...common, ...gateOf(config, httpd), tls: tls.httpd, miRoot: mi_http.root, commands }),
      // The same but MI, for a network of which nobody may do more than scrape.
      prometheus:
        prometheus.port === null
          ? null
          : new HttpServer({
              ...common,
              ...gateOf(config, prometheus),
              section: 'prometheus',
              tls: tls.prometheus,
              commands: null,
            }),
    };
  }

  /** What /readyz answers. */
  set readiness(readiness: Readiness) {
    for (const server of this.#all) server.readiness = readiness;
  }

  /** By all of them together. */
  get refused(): HttpServer['refused'] {
    const counts = { ...NOTHING_REFUSED };
    for (const server of this.#all) for (const reason of REFUSALS) counts[reason] += server.refused[reason];
    return counts;
  }

  /**
   * httpd opens last.
   * @returns where they are; null: metrics have no port of their own
   * @throws MsrptapError listen_failed
   */
  async listen(inherited?: InheritedSockets): Promise<{ readonly httpd: Endpoint; readonly metrics: Endpoint | null }> {
    const { httpd, prometheus } = this.#config;
    const metrics = (await this.#servers.prometheus?.listen(prometheus.ip, prometheus.port ?? 0, inherited)) ?? null;
    return { httpd: await this.#servers.httpd.listen(httpd.ip, httpd.port, inherited), metrics };
  }

  /** For a process that takes them over. */
  get open(): readonly OpenSocket[] {
    return this.#all.flatMap(({ open }) => open);
  }

  /**
   * Who may ask, and certificates, as another configuration has them; the certificates are read anew.
   * @throws MsrptapError tls_domain_invalid, reload_refused
   */
  prepare(config: Config): Prepared {
    const tls = tlsOf(config);
    for (const name of ['httpd', 'prometheus'] as const) this.#refuseOtherClients(name, tls[name]);
    const use = (): void => {
      const { httpd, prometheus } = this.#servers;
      httpd.admit(gateOf(config, config.httpd));
      prometheus?.admit(gateOf(config, config.prometheus));
      if (tls.httpd !== null) httpd.useTls(tls.httpd);
      if (tls.prometheus !== null) prometheus?.useTls(tls.prometheus);
    };
    return { use, discard: () => {} };
  }

  /** Answers what is under way, then closes. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((server) => server.close()));
  }

  get #all(): readonly HttpServer[] {
    const { httpd, prometheus } = this.#servers;
    return prometheus === null ? [httpd] : [httpd, prometheus];
  }

  #refuseOtherClients(name: PortName, tls: HttpTls | null): void {
    if (asks(tls) === this.#asks[name]) return;
    throw new MsrptapError(
      'reload_refused',
      `nothing is changed, for this takes a restart: verify_cert of ${name}.tls_domain`,
    );
  }
}

function tlsOf(config: Config): Readonly<Record<PortName, HttpTls | null>> {
  const { httpd, prometheus } = config;
  return { httpd: httpTls(config, httpd.tls_domain), prometheus: httpTls(config, prometheus.tls_domain) };
}

function asks(tls: HttpTls | null): boolean {
  return tls?.asksForCertificate === true;
}

function gateOf({ httpd }: Config, { token }: { readonly token?: string }): Omit<HttpGateOptions, 'scheme'> {
  return { token, hosts: httpd.hosts, requestsPerSecond: httpd.requests_per_second };
}
