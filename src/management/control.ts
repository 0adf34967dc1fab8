import type { Carrier } from '../carrier.js';
import type { Config } from '../config.js';
import type { Control } from '../control/commands.js';
import { VERSION } from '../control/version.js';
import { MAX_SPOT_SECONDS, MAX_SPOTS } from '../trace/spots.js';
import { tlsDomains } from './tls-list.js';

/** What the MI commands act on: whatever carries the traffic. */
export function controlOf(carrier: Carrier, config: Config): Control {
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
    startedAt: new Date(),
    version: VERSION,
    processes: () => carrier.processes,
    figures: () => carrier.figures(),
    links: (page) => carrier.linkPage(page),
    closeLink: (id) => carrier.closeLink(id),
    idleTimeout: proto_msrp.idle_timeout,
    destinations: () => carrier.destinations(),
    tlsDomains: tlsDomains(config),
    reloadCertificates: () => carrier.apply({ kind: 'certificates' }),
    reloadFilters: proto_msrp.trace_filter_route === null ? null : () => carrier.apply({ kind: 'filter' }),
  };
}
