import type { Carrier } from './carrier.js';
import type { Config } from './config.js';
import { miCommands } from './control/commands.js';
import type { Readiness } from './control/http-routes.js';
import type { ControlSources, ReloadFigures } from './control/metric-families.js';
import { Metrics } from './control/metrics.js';
import type { CommandTable } from './control/mi-command.js';
import { MiDatagram } from './control/mi-datagram.js';
import { MiFifo } from './control/mi-fifo.js';
import { VERSION } from './control/version.js';
import { HepInput, NO_INPUT } from './hep-input.js';
import { formatEndpoint, type Endpoint } from './lib/address.js';
import type { InheritedSockets } from './lib/inherited-sockets.js';
import type { OpenSocket } from './lib/socket-fd.js';
import type { Log } from './lib/log.js';
import type { Prepared } from './lib/prepared.js';
import { controlOf, type ConfigSource } from './management/control.js';
import { HttpPorts } from './management/http-ports.js';

/** Where it is reached. */
export interface ManagementSockets {
  readonly httpd: Endpoint;
  /** null: metrics have no port of their own. */
  readonly prometheus: string | null;
  /** null: not configured. */
  readonly mi_fifo: string | null;
  readonly mi_datagram: string | null;
  readonly hep_input: string | null;
}

/** The configuration in force, and what became of others. */
export interface ManagementSource extends ConfigSource {
  readonly figures: ReloadFigures;
  /** While no other comes in force. */
  between<T>(act: () => T | Promise<T>): Promise<T>;
}

/** MI on all its transports, metrics, health and readiness, and what SIP is listened to with. */
export class Management {
  readonly #source: ManagementSource;
  readonly #carrier: Carrier;
  readonly #http: HttpPorts;
  readonly #fifo: MiFifo | null;
  readonly #datagram: MiDatagram | null;
  readonly #hepInput: HepInput | null;

  #tcp: readonly Endpoint[] = [];

  constructor(carrier: Carrier, source: ManagementSource, log: Log) {
    const { config } = source;
    const commands = miCommands(controlOf(carrier, source, () => this.reloadCertificates()));
    this.#source = source;
    this.#carrier = carrier;
    this.#hepInput = hepInput(carrier, config, log);
    const metrics = metricsOf(carrier, source, {
      hepInput: () => this.#hepInput?.counts ?? NO_INPUT,
      httpRefused: () => this.#http.refused,
    });
    this.#http = new HttpPorts(metrics, config, commands, log);
    this.#fifo = fifo(config, commands, log);
    this.#datagram = datagram(config, commands, log);
  }

  /** What /readyz answers. */
  set readiness(readiness: Readiness) {
    this.#http.readiness = readiness;
  }

  /** Where it is reached over TCP: no next hop may be there. */
  get tcp(): readonly Endpoint[] {
    return this.#tcp;
  }

  /**
   * Another configuration; what only a restart can change is the same in it.
   * @throws MsrptapError tls_domain_invalid, reload_refused
   */
  prepare(config: Config): Prepared {
    return this.#http.prepare(config);
  }

  /**
   * Reads all certificates anew: for the traffic, and for the HTTP ports.
   * @throws MsrptapError tls_domain_invalid, and nothing has changed then
   */
  reloadCertificates(): Promise<void> {
    return this.#source.between(async () => {
      const { use } = this.#http.prepare(this.#source.config);
      await this.#carrier.apply({ kind: 'certificates' });
      use();
    });
  }

  /**
   * httpd opens last.
   * @param predecessor of a process that takes over: resolves when the one before it has let go; null: there is none
   * @throws MsrptapError listen_failed; what was opened is still to be closed then
   */
  async listen(inherited: InheritedSockets, predecessor: Promise<void> | null): Promise<ManagementSockets> {
    const { mi_fifo, hep_input } = this.#source.config;
    if (predecessor === null) await this.#fifo?.listen();
    else await this.#fifo?.takeOver(predecessor);
    const mi = (await this.#datagram?.listen(inherited.takeDatagram('mi_datagram'))) ?? null;
    const sip = (await this.#hepInput?.listen(inherited)) ?? null;
    const { httpd, metrics } = await this.#http.listen(inherited);
    this.#tcp = [httpd, hep_input?.transport === 'tcp' ? sip : null, metrics].filter((at) => at !== null);
    return {
      httpd,
      prometheus: metrics === null ? null : formatEndpoint(metrics),
      mi_fifo: mi_fifo?.fifo_name ?? null,
      mi_datagram: mi === null ? null : `udp:${formatEndpoint(mi)}`,
      hep_input: sip === null ? null : `${hep_input?.transport ?? 'udp'}:${formatEndpoint(sip)}`,
    };
  }

  /** For a process that takes them over. */
  get open(): readonly OpenSocket[] {
    return [...this.#http.open, ...(this.#datagram?.open ?? []), ...(this.#hepInput?.open ?? [])];
  }

  /** As close(), and another process goes on. */
  letGo(): Promise<void> {
    this.#fifo?.letGo();
    return this.close();
  }

  /** Answers what is under way over HTTP, then closes all. */
  async close(): Promise<void> {
    this.#fifo?.close();
    this.#datagram?.close();
    await this.#hepInput?.close();
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

function hepInput(carrier: Carrier, { hep_input }: Config, log: Log): HepInput | null {
  if (hep_input === null) return null;
  return new HepInput(hep_input, (session, call) => carrier.learn(session, call), log);
}

type OwnFigures = Pick<ControlSources, 'hepInput' | 'httpRefused'>;

function metricsOf(carrier: Carrier, source: ManagementSource, own: OwnFigures): Metrics {
  return new Metrics({
    prefix: source.config.prometheus.prefix,
    figures: () => carrier.figures(),
    sources: {
      version: VERSION,
      traceOn: () => carrier.trace,
      maxConnections: () => source.config.limits.max_connections,
      workers: () => carrier.workers,
      correlations: () => ({ size: carrier.correlations.size, ...carrier.correlations.counts }),
      reloads: () => source.figures,
      ...own,
    },
  });
}
