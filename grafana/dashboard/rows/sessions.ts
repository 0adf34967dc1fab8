import {
  BytesPerSecondSI,
  CountsPerSecond,
  MessagesPerSecond,
  RequestsPerSecond,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import { lines, type Panel } from '../panels.js';
import { happening, quantile, rate, series, sum } from '../query.js';

/** What do people say and send each other, and does it arrive? */
export function sessions(): readonly Panel[] {
  return [
    lines({
      title: 'Sessions',
      description:
        'MSRP sessions on open links. stalled: a request has waited for its response for 5 s; one_sided: and nothing ever came from the other side. msrptap:sessions shows which.',
      unit: Short,
      queries: [{ expr: sum(series('sessions'), 'state'), legend: '{{state}}' }],
    }),
    lines({
      title: 'Sessions that come, and that hang',
      description:
        'Requests stalled: without a response after 5 s, by their direction. One-sided: sessions that ended without anything from the other side.',
      unit: CountsPerSecond,
      queries: [
        { expr: sum(rate('sessions_total')), legend: 'new sessions' },
        { expr: sum(rate('transactions_stalled_total'), 'direction'), legend: 'requests stalled {{direction}}' },
        { expr: sum(rate('sessions_one_sided_total')), legend: 'one-sided' },
        { expr: sum(rate('sessions_unwatched_total'), 'what'), legend: 'not watched: {{what}}' },
      ],
    }),
    lines({
      title: 'Messages by content',
      description: 'Whole ones, with a body. For message/cpim what is in it counts, where it is known.',
      unit: MessagesPerSecond,
      queries: [{ expr: happening(sum(rate('content_messages_total'), 'content')), legend: '{{content}}' }],
    }),
    lines({
      title: 'Bytes by content',
      description: 'Of bodies.',
      unit: BytesPerSecondSI,
      queries: [{ expr: happening(sum(rate('content_bytes_total'), 'content')), legend: '{{content}}' }],
    }),
    lines({
      title: 'Messages that did not arrive as a whole',
      description:
        'aborted: the sender gave it up; incomplete: a gap, or the link ended before its end; overlapping: complete, but octets came twice.',
      unit: MessagesPerSecond,
      queries: [{ expr: sum(rate('transfers_total', 'result!="complete"'), 'result'), legend: '{{result}}' }],
    }),
    lines({
      title: 'Reports by code',
      description: 'REPORTs. 200: the message has arrived; all others tell of a failure.',
      unit: RequestsPerSecond,
      queries: [{ expr: happening(sum(rate('reports_total'), 'code')), legend: '{{code}}' }],
    }),
    lines({
      title: 'Time to the delivery',
      description:
        'From the last byte of a message to the REPORT that it has arrived, where its sender asked for one: half of them, 95 and 99 % arrive sooner.',
      unit: Seconds,
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, 'delivery_duration_seconds'),
        legend: `p${100 * q}`,
      })),
    }),
    lines({
      title: 'Time to the first byte of a next hop',
      description: 'From the first byte of a client on, a dial under way included. 95 % are there sooner.',
      unit: Seconds,
      queries: [{ expr: quantile(0.95, 'upstream_first_byte_seconds'), legend: 'p95' }],
    }),
    lines({
      title: 'TLS handshakes',
      description: 'Those that succeed, with clients and with next hops. 95 % take less.',
      unit: Seconds,
      queries: [{ expr: quantile(0.95, 'tls_handshake_duration_seconds', 'leg'), legend: '{{leg}}' }],
    }),
  ];
}
