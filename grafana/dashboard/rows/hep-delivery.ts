import { BytesIEC, CountsPerSecond, PacketsPerSecond } from '@grafana/grafana-foundation-sdk/units';
import { lines, states, type Panel } from '../panels.js';
import { happening, min, rate, series, sum } from '../query.js';

/** Does Homer get what it should? */
export function hepDelivery(): readonly Panel[] {
  return [
    lines({
      title: 'Packets sent',
      description: 'Handed to the network, by destination. HEP has no answer: what Homer stores only Homer knows.',
      unit: PacketsPerSecond,
      queries: [{ expr: sum(rate('hep_packets_total', 'result="sent"'), 'destination'), legend: '{{destination}}' }],
    }),
    lines({
      title: 'Packets lost',
      description:
        'dropped: the queue was full, or tracing was switched off; failed: could not be sent; maybe: those of sent that stood in a connection when it broke.',
      unit: PacketsPerSecond,
      queries: [
        {
          expr: sum(rate('hep_packets_total', 'result!="sent"'), 'destination', 'result'),
          legend: '{{destination}} {{result}}',
        },
      ],
    }),
    lines({
      title: 'Queues',
      description:
        'What waits for each destination, over all workers. Each worker holds up to hep_queue_bytes (16 MiB when left out), then drops.',
      unit: BytesIEC,
      queries: [{ expr: sum(series('hep_queue_bytes'), 'destination'), legend: '{{destination}}' }],
    }),
    states({
      title: 'Destinations',
      description: 'connected: every worker of every instance is (for udp: the name is resolved).',
      zero: 'not connected',
      one: 'connected',
      queries: [{ expr: min(series('hep_connected'), 'destination'), legend: '{{destination}}' }],
    }),
    states({
      title: 'Tracing',
      description: 'msrp_trace, by instance.',
      zero: 'off',
      one: 'on',
      queries: [{ expr: min(series('trace_on'), 'instance'), legend: '{{instance}}' }],
    }),
    lines({
      title: 'Filter decisions',
      description:
        'What trace_filter_route says of each connection. drop: not traced. throw, promise, timeout, crash, unavailable: the route is broken, and the connection is traced.',
      unit: CountsPerSecond,
      queries: [{ expr: happening(sum(rate('filter_decisions_total'), 'decision')), legend: '{{decision}}' }],
    }),
  ];
}
