import { join } from 'node:path';
import type { Config } from './config.js';
import { type Control, miCommands } from './control/commands.js';
import { ConnectionLog } from './control/connection-log.js';
import { HttpServer } from './control/http.js';
import type { HepFigures } from './control/metric-families.js';
import { Metrics } from './control/metrics.js';
import { VERSION } from './control/version.js';
import type { Observer } from './events.js';
import { HepExporter } from './hep/exporter.js';
import type { DestinationConfig } from './hep/transport.js';
import { messageOf } from './lib/errors.js';
import type { Log } from './lib/log.js';
import { RateLimitedLog } from './lib/rate-limited-log.js';
import { PARSE_ERRORS } from './msrp/parse-errors.js';
import { type ClientTls, loadClientTls } from './net/client-tls.js';
import { Resolver } from './net/resolver.js';
import { loadServerTls } from './net/server-tls.js';
import { Observers } from './proxy/observers.js';
import { Proxy } from './proxy/proxy.js';
import { DECISION_OUTCOMES, FilterThread } from './trace/filter-thread.js';
import { Tracer } from './trace/tracer.js';

/** What may wait for a route's answer or a session, however small the queues of the destinations are. */
const MIN_WAITING_BYTES = 1_048_576;

export interface AppOptions {
  readonly config: Config;
  readonly log: Log;
  /** Log lines lost so far, for the metrics. */
  readonly logLinesDropped?: () => number;
  /** Told everything, as metrics and the tracer are. */
  readonly observers?: readonly Observer[];
}

/** The parts of a running msrptap, not started yet. */
export interface Parts {
  readonly proxy: Proxy;
  readonly http: HttpServer;
  readonly filter: FilterThread | null;
  readonly exporter: HepExporter;
  readonly trace: Control['trace'];
  readonly useTls: () => void;
}

/**
 * Makes the parts and has them know each other.
 * @throws MsrptapError tls_domain_invalid, filter_load_failed, filter_route_missing
 */
export async function assemble({
  config,
  log,
  logLinesDropped = () => 0,
  observers: others = [],
}: AppOptions): Promise<Parts> {
  const { proto_msrp, proto_hep, tls_mgm, limits } = config;
  let serverTls = loadServerTls(tls_mgm.server_domain);
  let clientTls = loadClientTls(tls_mgm.client_domain);
  const filter = await startFilter(config, log);

  const exporter = new HepExporter({
    identity: {
      captureId: proto_hep.hep_capture_id,
      ...(proto_hep.hep_node_name === undefined ? {} : { nodeName: proto_hep.hep_node_name }),
      ...(proto_hep.hep_auth_key === undefined ? {} : { authKey: proto_hep.hep_auth_key }),
    },
    queueBytes: proto_hep.hep_queue_bytes,
    destinations: destinations(config, (address, host) => clientTls(address, host)),
    log,
  });

  // Without a destination nothing is traced, but MI still tells and keeps the switch.
  const tracer =
    proto_msrp.trace_destination.length === 0
      ? null
      : new Tracer(
          { ...proto_msrp, ...proto_hep, waiting_bytes: Math.max(proto_hep.hep_queue_bytes, MIN_WAITING_BYTES) },
          exporter,
          filter,
        );
  const trace = tracer ?? traceSwitch(proto_msrp.trace_on === 1);

  let observerErrors = 0;
  const metrics = new Metrics({
    prefix: config.prometheus.prefix,
    version: VERSION,
    parseErrorKinds: Object.keys(PARSE_ERRORS),
    sources: {
      filterDecisions: () => filter?.counts() ?? Object.fromEntries(DECISION_OUTCOMES.map((outcome) => [outcome, 0])),
      hep: (): HepFigures[] => exporter.stats(),
      traceOn: () => trace.on,
      maxConnections: () => limits.max_connections,
      observerErrors: () => observerErrors,
      logLinesDropped,
    },
  });
  const limitedLog = new RateLimitedLog(log);
  const observers = new Observers(
    [metrics, new ConnectionLog(log), ...(tracer === null ? [] : [tracer]), ...others],
    (thrown) => {
      observerErrors += 1;
      limitedLog.write('error', 'an observer failed; forwarding goes on', { error: messageOf(thrown) });
    },
  );

  const proxy = new Proxy(
    config.listeners.map((each) => ({ ...each, tls: each.proto === 'msrps' ? serverTls : null })),
    { ...proto_msrp, max_connections: limits.max_connections },
    { resolver: new Resolver(), clientTls: (address, host) => clientTls(address, host) },
    observers,
  );
  const http = new HttpServer({
    token: config.httpd.token,
    miRoot: config.mi_http.root,
    metricsRoot: config.prometheus.root,
    commands: miCommands({ trace, startedAt: new Date(), version: VERSION }),
    scrape: () => metrics.scrape(),
    log,
  });
  const useTls = (): void => {
    // Both are read before either is used: a half of the new certificates is in force never.
    const [server, client] = [loadServerTls(tls_mgm.server_domain), loadClientTls(tls_mgm.client_domain)];
    [serverTls, clientTls] = [server, client];
    proxy.useTls(server);
  };
  return { proxy, http, filter, exporter, trace, useTls };
}

async function startFilter({ proto_msrp, filters }: Config, log: Log): Promise<FilterThread | null> {
  const routeName = proto_msrp.trace_filter_route;
  if (routeName === null) return null;
  return FilterThread.start({ file: join(filters, `${routeName}.js`), routeName, log });
}

function traceSwitch(on: boolean): Control['trace'] {
  return {
    get on() {
      return on;
    },
    set: (value) => (on = value),
  };
}

/** The hep_ids that trace_destination names. */
function destinations({ proto_msrp, proto_hep }: Config, clientTls: ClientTls): DestinationConfig[] {
  return proto_hep.hep_id
    .filter(({ name }) => proto_msrp.trace_destination.includes(name))
    .map((hepId) => ({
      ...hepId,
      tls: (address) => {
        const { options, verify_cert } = clientTls(address, hepId.host);
        return { ...options, rejectUnauthorized: verify_cert === 1 };
      },
    }));
}
