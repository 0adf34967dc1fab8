import type { Carrier } from '../carrier.js';
import type { Config } from '../config.js';
import type { Control, Correlations } from '../control/commands.js';
import { VERSION } from '../control/version.js';
import { MAX_SPOT_SECONDS, MAX_SPOTS } from '../trace/spots.js';
import { tlsDomains } from './tls-list.js';

/** What the MI commands act on: whatever carries the traffic. */
export function controlOf(carrier: Carrier, config: Config, reloadCertificates: () => Promise<void>): Control {
  const { proto_msrp } = config;
  return {
    trace: {
      get on() {
        return carrier.trace;
      },
      set: (on) => carrier.apply({ kind: 'trace', on }),
    },
    spots:
      proto_msrp.trace_destination.length === 0
        ? null
        : {
            get times() {
              return carrier.spots;
            },
            most: MAX_SPOTS,
            longest: MAX_SPOT_SECONDS,
            set: (target, seconds) => carrier.apply({ kind: 'spot', spot: { target, seconds } }),
          },
    correlations: proto_msrp.trace_destination.length === 0 ? null : correlationsOf(carrier, proto_msrp),
    startedAt: new Date(),
    version: VERSION,
    processes: () => carrier.processes,
    figures: () => carrier.figures(),
    links: (page) => carrier.linkPage(page),
    sessions: (page) => carrier.sessionPage(page),
    closeLink: (id) => carrier.closeLink(id),
    idleTimeout: proto_msrp.idle_timeout,
    destinations: () => carrier.destinations(),
    tlsDomains: tlsDomains(config),
    reloadCertificates,
    reloadFilters: proto_msrp.trace_filter_route === null ? null : () => carrier.apply({ kind: 'filter' }),
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
