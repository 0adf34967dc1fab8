import { BytesPerSecondSI, CountsPerSecond, RequestsPerSecond, Short } from '@grafana/grafana-foundation-sdk/units';
import { lines, type Panel } from '../panels.js';
import { happening, rate, series, sum } from '../query.js';

/** How much is carried? */
export function traffic(): readonly Panel[] {
  return [
    lines({
      title: 'Requests by method',
      description: 'Complete MSRP requests, up (towards the next hop) and down; each chunk of a message is one.',
      unit: RequestsPerSecond,
      queries: [{ expr: sum(rate('requests_total'), 'direction', 'method'), legend: '{{method}} {{direction}}' }],
    }),
    lines({
      title: 'Bytes',
      description: 'Bytes read, up (towards the next hop) and down, counted once. They are passed on as they come.',
      unit: BytesPerSecondSI,
      queries: [{ expr: sum(rate('bytes_total'), 'direction'), legend: '{{direction}}' }],
    }),
    lines({
      title: 'Open connections',
      description:
        'Accepted ones (downstream) and those to next hops (upstream). Both legs go together: more downstream than upstream is a next hop that does not answer.',
      unit: Short,
      queries: [{ expr: sum(series('connections'), 'leg', 'proto'), legend: '{{leg}} {{proto}}' }],
    }),
    lines({
      title: 'Connections opened',
      description: 'Accepted and dialled with success, TLS handshakes included.',
      unit: CountsPerSecond,
      queries: [
        { expr: sum(rate('connections_total', 'result="success"'), 'leg', 'proto'), legend: '{{leg}} {{proto}}' },
      ],
      span: 12,
    }),
    lines({
      title: 'Ends',
      description:
        'Why established connections ended, by the leg that was the one to end. peer_closed is what a clean end looks like; Failures has those that were cut.',
      unit: CountsPerSecond,
      queries: [
        {
          expr: happening(sum(rate('connection_closes_total', 'reason!="link_closed"'), 'leg', 'reason')),
          legend: '{{leg}} {{reason}}',
        },
      ],
      span: 12,
    }),
  ];
}
