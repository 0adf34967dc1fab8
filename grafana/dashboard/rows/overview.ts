import { DurationSeconds, PercentUnit, RequestsPerSecond, Short } from '@grafana/grafana-foundation-sdk/units';
import { figure, NONE_IS_GOOD, type Panel } from '../panels.js';
import { foreign, increase, min, rate, series, share, sum } from '../query.js';

/** Seconds. */
const DAY = 86_400;

/** Is all well? */
export function overview(): readonly Panel[] {
  return [
    figure({
      title: 'Not scraped',
      description: 'Instances that Prometheus cannot reach. While it is down, nothing else here is known of it.',
      unit: Short,
      colours: NONE_IS_GOOD,
      queries: [{ expr: sum(`1 - ${foreign('up')}`), legend: 'instances' }],
      span: 3,
    }),
    figure({
      title: 'Requests',
      description: 'Complete MSRP requests, in both directions; each chunk of a message is one.',
      unit: RequestsPerSecond,
      colours: [['blue', null]],
      queries: [{ expr: sum(rate('requests_total')), legend: 'requests' }],
      span: 3,
    }),
    figure({
      title: 'Connections in use',
      description:
        'The fullest instance: open accepted connections of limits.max_connections. At 100 % clients are refused.',
      unit: PercentUnit,
      colours: [
        ['green', null],
        ['orange', 0.8],
        ['red', 0.95],
      ],
      queries: [
        {
          expr: `max(${sum(series('connections', 'leg="downstream"'), 'job', 'instance')} / ${sum(series('max_connections'), 'job', 'instance')})`,
          legend: 'in use',
        },
      ],
      span: 3,
    }),
    figure({
      title: 'Connections failing',
      description: 'Of all accepts and dials, how many came to nothing. Failures has the reasons.',
      unit: PercentUnit,
      colours: [
        ['green', null],
        ['orange', 0.01],
        ['red', 0.1],
      ],
      queries: [
        {
          expr: share(sum(rate('connections_total', 'result="failure"')), sum(rate('connections_total'))),
          legend: 'failing',
        },
      ],
      span: 3,
    }),
    figure({
      title: 'Next hops down',
      description: 'Next hops of the configuration whose last dial failed, over all instances.',
      unit: Short,
      colours: NONE_IS_GOOD,
      queries: [{ expr: sum(`1 - ${series('upstream_up')}`), legend: 'next hops' }],
      span: 3,
    }),
    figure({
      title: 'HEP packets lost',
      description:
        'In the time shown: dropped because the queue was full, or not to be sent. Homer does not have them. Without what hep_max_rate leaves out.',
      unit: Short,
      colours: NONE_IS_GOOD,
      queries: [
        {
          expr: `${sum(increase('hep_packets_total', 'result=~"dropped|failed"'))} - ${sum(increase('hep_thinned_total'))}`,
          legend: 'packets',
        },
      ],
      span: 3,
    }),
    figure({
      title: 'Tracing off',
      description: 'Instances on which msrp_trace is off: Homer gets nothing of them.',
      unit: Short,
      colours: [
        ['green', null],
        ['orange', 1],
      ],
      queries: [{ expr: sum(`1 - ${series('trace_on')}`), legend: 'instances' }],
      span: 3,
    }),
    figure({
      title: 'First certificate ends in',
      description: 'Of the certificates in force, in all TLS domains. No data: no TLS domain has one.',
      unit: DurationSeconds,
      colours: [
        ['red', null],
        ['orange', 2 * DAY],
        ['green', 14 * DAY],
      ],
      queries: [{ expr: `${min(series('tls_certificate_expiry_timestamp_seconds'))} - time()`, legend: 'left' }],
      span: 3,
    }),
  ];
}
