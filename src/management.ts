import type { Carrier } from './carrier.js';
import type { Config } from './config.js';
import { miCommands } from './control/commands.js';
import { NOTHING_REFUSED, REFUSALS } from './control/http-gate.js';
import { HttpServer } from './control/http.js';
import type { Readiness } from './control/http-routes.js';
import type { ControlSources } from './control/metric-families.js';
import { Metrics } from './control/metrics.js';
import type { CommandTable } from './control/mi-command.js';
import { MiDatagram } from './control/mi-datagram.js';
import { MiFifo } from './control/mi-fifo.js';
import { VERSION } from './control/version.js';
import { HepInput, NO_INPUT } from './hep-input.js';
import { formatEndpoint, type Endpoint } from './lib/address.js';
import type { InheritedSockets } from './lib/inherited-sockets.js';
import type { Log } from './lib/log.js';
import { controlOf } from './management/control.js';
import { httpTls } from './management/http-tls.js';

/** Where it is reached. */
export interface ManagementSockets {
  /** Those of TCP, which no next hop may be. */
  readonly tcp: readonly Endpoint[];
  readonly httpd: Endpoint;
  /** null: metrics have no port of their own. */
  readonly prometheus: string | null;
  /** null: not configured. */
  readonly mi_fifo: string | null;
  readonly mi_datagram: string | null;
  readonly hep_input: string | null;
}

/** MI on all its transports, metrics, health and readiness, and what SIP is listened to with. */
export class Management {
  readonly #config: Config;
  readonly #carrier: Carrier;
  readonly #http: HttpServer;
  readonly #metricsHttp: HttpServer | null;
  readonly #fifo: MiFifo | null;
  readonly #datagram: MiDatagram | null;
  readonly #hepInput: HepInput | null;

  constructor(carrier: Carrier, config: Config, log: Log) {
    const commands = miCommands(controlOf(carrier, config, () => this.reloadCertificates()));
    this.#carrier = carrier;
    this.#config = config;
    this.#hepInput = hepInput(carrier, config, log);
    const metrics = metricsOf(carrier, config, {
      hepInput: () => this.#hepInput?.counts ?? NO_INPUT,
      httpRefused: () => refusedBy([this.#http, this.#metricsHttp]),
    });
    this.#http = httpServer(metrics, config, commands, log);
    this.#metricsHttp = metricsServer(metrics, config, log);
    this.#fifo = fifo(config, commands, log);
    this.#datagram = datagram(config, commands, log);
  }

  /** What /readyz answers. */
  set readiness(readiness: Readiness) {
    this.#http.readiness = readiness;
    if (this.#metricsHttp !== null) this.#metricsHttp.readiness = readiness;
  }

  /**
   * httpd opens last.
   * @throws MsrptapError listen_failed; what was opened is still to be closed then
   */
  async listen(inherited?: InheritedSockets): Promise<ManagementSockets> {
    const { mi_fifo, hep_input, prometheus } = this.#config;
    await this.#fifo?.listen();
    const mi = (await this.#datagram?.listen()) ?? null;
    const sip = (await this.#hepInput?.listen()) ?? null;
    const metrics = (await this.#metricsHttp?.listen(prometheus.ip, prometheus.port ?? 0, inherited)) ?? null;
    const httpd = await this.#http.listen(this.#config.httpd.ip, this.#config.httpd.port, inherited);
    return {
      tcp: [httpd, hep_input?.transport === 'tcp' ? sip : null, metrics].filter((at) => at !== null),
      httpd,
      prometheus: metrics === null ? null : formatEndpoint(metrics),
      mi_fifo: mi_fifo?.fifo_name ?? null,
      mi_datagram: mi === null ? null : `udp:${formatEndpoint(mi)}`,
      hep_input: sip === null ? null : `${hep_input?.transport ?? 'udp'}:${formatEndpoint(sip)}`,
    };
  }

  /** Answers what is under way over HTTP, then closes all. */
  async close(): Promise<void> {
    this.#fifo?.close();
    this.#datagram?.close();
    await this.#hepInput?.close();
    await Promise.all([this.#http.close(), this.#metricsHttp?.close()]);
  }

  /**
   * Reads all certificates anew: for the traffic, and for the HTTP ports.
   * @throws MsrptapError tls_domain_invalid, and nothing has changed then
   */
  async reloadCertificates(): Promise<void> {
    const { httpd, prometheus } = this.#config;
    const [own, metrics] = [httpTls(this.#config, httpd.tls_domain), httpTls(this.#config, prometheus.tls_domain)];
    await this.#carrier.apply({ kind: 'certificates' });
    if (own !== null) this.#http.useTls(own);
    if (metrics !== null) this.#metricsHttp?.useTls(metrics);
  }
}

/** By all HTTP ports together. */
function refusedBy(servers: readonly (HttpServer | null)[]): HttpServer['refused'] {
  const counts = { ...NOTHING_REFUSED };
  for (const server of servers) for (const reason of REFUSALS) counts[reason] += server?.refused[reason] ?? 0;
  return counts;
}

function fifo({ mi_fifo }: Config, commands: CommandTable, log: Log): MiFifo | null {
  if (mi_fifo === null) return null;
  const { fifo_name, fifo_mode, fifo_user, fifo_group, reply_dir } = mi_fifo;
  const file = { path: fifo_name, mode: fifo_mode, user: fifo_user, group: fifo_group };
  return new MiFifo({ ...file, replyDir: reply_dir, commands, log });
}

function datagram({ mi_datagram }: Config, commands: CommandTable, log: Log): MiDatagram | null {
  if (mi_datagram === null) return null;
  return new MiDatagram({ ...mi_datagram.socket_name, socketTimeout: mi_datagram.socket_timeout, commands, log });
}

function hepInput(carrier: Carrier, { hep_input }: Config, log: Log): HepInput | null {
  if (hep_input === null) return null;
  return new HepInput(hep_input, (session, call) => carrier.learn(session, call), log);
}

type OwnFigures = Pick<ControlSources, 'hepInput' | 'httpRefused'>;

function metricsOf(carrier: Carrier, config: Config, own: OwnFigures): Metrics {
  return new Metrics({
    prefix: config.prometheus.prefix,
    figures: () => carrier.figures(),
    sources: {
      version: VERSION,
      traceOn: () => carrier.trace,
      maxConnections: () => config.limits.max_connections,
      workers: () => carrier.workers,
      correlations: () => ({ size: carrier.correlations.size, ...carrier.correlations.counts }),
      ...own,
    },
  });
}

function httpServer(metrics: Metrics, config: Config, commands: CommandTable, log: Log): HttpServer {
  return new HttpServer({
    token: config.httpd.token,
    tls: httpTls(config, config.httpd.tls_domain),
    hosts: config.httpd.hosts,
    requestsPerSecond: config.httpd.requests_per_second,
    miRoot: config.mi_http.root,
    metricsRoot: config.prometheus.root,
    commands,
    scrape: () => metrics.scrape(),
    log,
  });
}

/** The same but MI, for a network of which nobody may do more than scrape. */
function metricsServer(metrics: Metrics, config: Config, log: Log): HttpServer | null {
  const { prometheus, httpd } = config;
  if (prometheus.port === null) return null;
  return new HttpServer({
    section: 'prometheus',
    token: prometheus.token,
    tls: httpTls(config, prometheus.tls_domain),
    hosts: httpd.hosts,
    requestsPerSecond: httpd.requests_per_second,
    commands: null,
    metricsRoot: prometheus.root,
    scrape: () => metrics.scrape(),
    log,
  });
}
