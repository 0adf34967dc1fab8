import { BytesIEC, CountsPerSecond, PacketsPerSecond, Short } from '@grafana/grafana-foundation-sdk/units';
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
          expr: `${sum(rate('hep_packets_total', 'result="dropped"'), 'destination')} - ${sum(rate('hep_thinned_total'), 'destination')}`,
          legend: '{{destination}} dropped',
        },
        {
          expr: sum(rate('hep_packets_total', 'result=~"failed|maybe"'), 'destination', 'result'),
          legend: '{{destination}} {{result}}',
        },
      ],
    }),
    lines({
      title: 'Left out by hep_max_rate',
      description: 'Messages over hep_max_rate, which keeps packets to a rate. They are not among those lost.',
      unit: CountsPerSecond,
      queries: [{ expr: sum(rate('hep_thinned_total'), 'destination'), legend: '{{destination}}' }],
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
      title: 'Filter decisions on connections',
      description:
        'What trace_filter_route says of each connection. drop: not traced. throw, promise, timeout, crash, unavailable: the route is broken, and the connection is traced.',
      unit: CountsPerSecond,
      queries: [{ expr: happening(sum(rate('filter_decisions_total'), 'decision')), legend: '{{decision}}' }],
      span: 12,
    }),
    lines({
      title: 'Filter decisions on messages',
      description:
        'What message() of the filter module says of each message. drop: not mirrored; change: in part. throw, promise, invalid, timeout, crash, unavailable: it is broken, and only headers are mirrored.',
      unit: CountsPerSecond,
      queries: [{ expr: happening(sum(rate('message_filter_decisions_total'), 'decision')), legend: '{{decision}}' }],
      span: 12,
    }),
    lines({
      title: 'Sessions with a call',
      description:
        'MSRP sessions whose SIP call is known, so that Homer shows them with it; at most limits.correlations.',
      unit: Short,
      queries: [{ expr: sum(series('correlations'), 'instance'), legend: '{{instance}}' }],
    }),
    lines({
      title: 'Calls learnt',
      description:
        'Who told: mi (msrptap:correlate), sip (hep_input). refused: the session is of another call already. forgotten: limits.correlations is too small.',
      unit: CountsPerSecond,
      queries: [
        { expr: sum(rate('correlations_learnt_total'), 'from'), legend: '{{from}}' },
        { expr: sum(rate('correlations_refused_total')), legend: 'refused' },
        { expr: sum(rate('correlations_forgotten_total')), legend: 'forgotten' },
      ],
    }),
    lines({
      title: 'HEP input',
      description:
        'Packets that hep_input gets. learnt: SIP with the path of an MSRP session; refused: who may not send; dropped: more than are read.',
      unit: PacketsPerSecond,
      queries: [{ expr: sum(rate('hep_input_packets_total'), 'result'), legend: '{{result}}' }],
    }),
  ];
}
