import type { Carrier } from '../carrier.js';
import type { Config } from '../config.js';
import type { Control, Correlations, ReloadOutcome } from '../control/commands.js';
import { VERSION } from '../control/version.js';
import { MAX_SPOT_SECONDS, MAX_SPOTS } from '../trace/spots.js';
import { tlsDomains } from './tls-list.js';

/** Where the configuration in force is, and how another one comes in force. */
export interface ConfigSource {
  readonly config: Config;
  reload(): Promise<ReloadOutcome>;
}

/**
 * What the MI commands act on: whatever carries the traffic, by the configuration that is in force when they do.
 * @param reloadCertificates of the traffic, and of the HTTP ports
 */
export function controlOf(carrier: Carrier, source: ConfigSource, reloadCertificates: () => Promise<void>): Control {
  const isTraced = (): boolean => source.config.proto_msrp.trace_destination.length > 0;
  return {
    trace: {
      get on() {
        return carrier.trace;
      },
      set: (on) => carrier.apply({ kind: 'trace', on }),
    },
    get spots() {
      return isTraced() ? spotsOf(carrier) : null;
    },
    get correlations() {
      return isTraced() ? correlationsOf(carrier, source.config.proto_msrp) : null;
    },
    startedAt: new Date(),
    version: VERSION,
    processes: () => carrier.processes,
    figures: () => carrier.figures(),
    links: (page) => carrier.linkPage(page),
    sessions: (page) => carrier.sessionPage(page),
    closeLink: (id) => carrier.closeLink(id),
    get idleTimeout() {
      return source.config.proto_msrp.idle_timeout;
    },
    destinations: () => carrier.destinations(),
    get tlsDomains() {
      return tlsDomains(source.config);
    },
    reload: () => source.reload(),
    reloadCertificates,
    get reloadFilters() {
      const { trace_filter_route } = source.config.proto_msrp;
      return trace_filter_route === null ? null : () => carrier.apply({ kind: 'filter' });
    },
  };
}

function spotsOf(carrier: Carrier): NonNullable<Control['spots']> {
  return {
    get times() {
      return carrier.spots;
    },
    most: MAX_SPOTS,
    longest: MAX_SPOT_SECONDS,
    set: (target, seconds) => carrier.apply({ kind: 'spot', spot: { target, seconds } }),
  };
}

/** As many seconds as correlation_lifetime may have. */
const LONGEST_CORRELATION = 2_147_483;

function correlationsOf(carrier: Carrier, { correlation_lifetime }: Config['proto_msrp']): Correlations {
  const { correlations } = carrier;
  return {
    get size() {
      return correlations.size;
    },
    lifetime: correlation_lifetime / 1_000,
    longest: LONGEST_CORRELATION,
    newest: (count) => correlations.newest(count),
    set: (session, call, seconds) => carrier.correlate({ session, call, seconds, from: 'mi' }),
    end: async (session) => {
      const known = correlations.timeOf(session);
      if (known !== null) await carrier.correlate({ ...known, seconds: 0 });
      return known !== null;
    },
  };
}
