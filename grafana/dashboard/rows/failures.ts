import { BytesPerSecondSI, CountsPerSecond, DurationSeconds } from '@grafana/grafana-foundation-sdk/units';
import { lines, states, type Panel } from '../panels.js';
import { happening, min, rate, series, sum } from '../query.js';

/** Ends that somebody wanted, and the other leg of each link. */
const CLEAN_ENDS = 'reason!~"peer_closed|link_closed|drained|closed_by_mi|idle_timeout"';

/** What goes wrong, and why? */
export function failures(): readonly Panel[] {
  return [
    lines({
      title: 'Connections that failed',
      description:
        'Accepts (downstream) and dials (upstream) that came to nothing, by reason. tls_: see docs/tls.md; connect_ and dns_: the next hop.',
      unit: CountsPerSecond,
      queries: [
        { expr: happening(sum(rate('connection_failures_total'), 'leg', 'reason')), legend: '{{leg}} {{reason}}' },
      ],
    }),
    lines({
      title: 'Connections cut',
      description: 'Established connections that ended by an error, by reason and by the leg where it happened.',
      unit: CountsPerSecond,
      queries: [
        {
          expr: happening(sum(rate('connection_closes_total', CLEAN_ENDS), 'leg', 'reason')),
          legend: '{{leg}} {{reason}}',
        },
      ],
    }),
    lines({
      title: 'Not MSRP',
      description:
        'Reads whose bytes were not MSRP, by what was wrong first. on_parse_error says what becomes of the link.',
      unit: CountsPerSecond,
      queries: [{ expr: happening(sum(rate('parse_errors_total'), 'reason')), legend: '{{reason}}' }],
    }),
    states({
      title: 'Next hops',
      description: 'down: the last dial failed, in one worker at least. Each next hop of the configuration has a line.',
      zero: 'down',
      one: 'up',
      queries: [{ expr: min(series('upstream_up'), 'upstream'), legend: '{{upstream}}' }],
    }),
    lines({
      title: 'Dials that failed',
      description: 'By next hop of the configuration. The reasons stand in "Connections that failed".',
      unit: CountsPerSecond,
      queries: [{ expr: sum(rate('upstream_dials_total', 'result="failure"'), 'upstream'), legend: '{{upstream}}' }],
    }),
    lines({
      title: 'Limits reached',
      description:
        'By the key in the configuration; open_files and local_ports are those of the system. docs/limits.md says what happens then. Without link_buffer, which every slow reader reaches.',
      unit: CountsPerSecond,
      queries: [
        { expr: happening(sum(rate('limits_reached_total', 'limit!="link_buffer"'), 'limit')), legend: '{{limit}}' },
      ],
    }),
    lines({
      title: 'Time to the end of certificates',
      description:
        'Of the certificate in force, or one above it in its file, by TLS domain. No data: no TLS domain has one.',
      unit: DurationSeconds,
      queries: [
        {
          expr: `${min(series('tls_certificate_expiry_timestamp_seconds'), 'side', 'domain')} - time()`,
          legend: '{{side}} {{domain}}',
        },
      ],
      span: 12,
    }),
    lines({
      title: 'Stray CRLFs',
      description:
        'Bytes of CRLFs between messages. They are passed on and are no error, but a sign of an odd endpoint.',
      unit: BytesPerSecondSI,
      queries: [{ expr: sum(rate('stray_bytes_total'), 'direction'), legend: '{{direction}}' }],
      span: 12,
    }),
  ];
}
