import type { Carrier } from './carrier.js';
import type { Config } from './config.js';
import { miCommands } from './control/commands.js';
import { HttpServer } from './control/http.js';
import type { Readiness } from './control/http-routes.js';
import { Metrics } from './control/metrics.js';
import type { CommandTable } from './control/mi-command.js';
import { MiDatagram } from './control/mi-datagram.js';
import { MiFifo } from './control/mi-fifo.js';
import { VERSION } from './control/version.js';
import { formatEndpoint, type Endpoint } from './lib/address.js';
import type { Log } from './lib/log.js';
import { controlOf } from './management/control.js';

/** Where it is reached. */
export interface ManagementSockets {
  readonly httpd: Endpoint;
  /** null: not configured. */
  readonly mi_fifo: string | null;
  readonly mi_datagram: string | null;
}

/** MI on all its transports, metrics, health and readiness. */
export class Management {
  readonly #config: Config;
  readonly #http: HttpServer;
  readonly #fifo: MiFifo | null;
  readonly #datagram: MiDatagram | null;

  constructor(carrier: Carrier, config: Config, log: Log) {
    const commands = miCommands(controlOf(carrier, config));
    this.#config = config;
    this.#http = httpServer(carrier, config, commands, log);
    this.#fifo = fifo(config, commands, log);
    this.#datagram = datagram(config, commands, log);
  }

  /** What /readyz answers. */
  set readiness(readiness: Readiness) {
    this.#http.readiness = readiness;
  }

  /**
   * httpd opens last.
   * @throws MsrptapError listen_failed; what was opened is still to be closed then
   */
  async listen(): Promise<ManagementSockets> {
    const { httpd, mi_fifo } = this.#config;
    await this.#fifo?.listen();
    const bound = await this.#datagram?.listen();
    return {
      httpd: await this.#http.listen(httpd.ip, httpd.port),
      mi_fifo: mi_fifo?.fifo_name ?? null,
      mi_datagram: bound === undefined ? null : `udp:${formatEndpoint(bound)}`,
    };
  }

  /** Answers what is under way over HTTP, then closes all. */
  async close(): Promise<void> {
    this.#fifo?.close();
    this.#datagram?.close();
    await this.#http.close();
  }
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

function httpServer(carrier: Carrier, config: Config, commands: CommandTable, log: Log): HttpServer {
  const metrics = new Metrics({
    prefix: config.prometheus.prefix,
    figures: () => carrier.figures(),
    sources: {
      version: VERSION,
      traceOn: () => carrier.trace,
      maxConnections: () => config.limits.max_connections,
      workers: () => carrier.workers,
    },
  });
  return new HttpServer({
    token: config.httpd.token,
    miRoot: config.mi_http.root,
    metricsRoot: config.prometheus.root,
    commands,
    scrape: () => metrics.scrape(),
    log,
  });
}
