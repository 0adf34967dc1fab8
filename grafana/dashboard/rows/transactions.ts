import { PercentUnit, RequestsPerSecond, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { lines, type Panel } from '../panels.js';
import { happening, quantile, rate, series, share, sum } from '../query.js';

const TIMED_OUT = sum(rate('transactions_timed_out_total'));
const ANSWERED = sum(rate('transaction_duration_seconds_count'));

/** Are requests answered, and with what? */
export function transactions(): readonly Panel[] {
  return [
    lines({
      title: 'Requests and responses',
      description:
        'SEND and NICKNAME are answered, REPORT is not [RFC 4975 §7.1.2]. Fewer responses than requests of the other direction: an endpoint that does not answer, or Failure-Report: no.',
      unit: RequestsPerSecond,
      queries: [
        { expr: sum(rate('requests_total', 'method!="REPORT"'), 'direction'), legend: 'requests {{direction}}' },
        { expr: sum(rate('responses_total'), 'direction'), legend: 'responses {{direction}}' },
      ],
    }),
    lines({
      title: 'Responses by code',
      description:
        '413: the receiver wants no more of the message; 481: it knows no such session; 408: it heard nothing in time; 425: the nickname is taken.',
      unit: RequestsPerSecond,
      queries: [{ expr: happening(sum(rate('responses_total'), 'code')), legend: '{{code}}' }],
    }),
    lines({
      title: 'Responses that are not 200',
      description: 'Of all responses of a direction. down: next hops refuse what clients send.',
      unit: PercentUnit,
      queries: [
        {
          expr: share(
            sum(rate('responses_total', 'code!="200"'), 'direction'),
            sum(rate('responses_total'), 'direction'),
          ),
          legend: '{{direction}}',
        },
      ],
    }),
    lines({
      title: 'Time to the response',
      description:
        'From the last byte of a request to the last of its response, as msrptap sees it, of all methods: half of them, 95 and 99 % are answered sooner.',
      unit: Seconds,
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, 'transaction_duration_seconds'),
        legend: `p${100 * q}`,
      })),
    }),
    lines({
      title: 'Time to the response by method',
      description:
        '95 % are answered sooner. SEND: the far end or a relay before it; AUTH: the relay; NICKNAME: the conference.',
      unit: Seconds,
      queries: [{ expr: quantile(0.95, 'transaction_duration_seconds', 'method'), legend: '{{method}}' }],
    }),
    lines({
      title: 'Requests without a response',
      description:
        'For transaction_timeout. up: next hops are silent; down: clients are. Homer has a TRANSACTION event of each.',
      unit: RequestsPerSecond,
      queries: [
        {
          expr: happening(sum(rate('transactions_timed_out_total'), 'direction', 'method')),
          legend: '{{method}} {{direction}}',
        },
      ],
    }),
    lines({
      title: 'Requests without a response, of all',
      description: 'Of all requests whose response was due and came, or was given up.',
      unit: PercentUnit,
      queries: [{ expr: share(TIMED_OUT, `(${ANSWERED} + ${TIMED_OUT})`), legend: 'without a response' }],
    }),
    lines({
      title: 'Open transactions',
      description:
        'Requests whose response is due and has not come. It rises with silent endpoints, and falls when transaction_timeout gives theirs up.',
      unit: Short,
      queries: [{ expr: sum(series('transactions_open'), 'instance'), legend: '{{instance}}' }],
    }),
    lines({
      title: 'Requests not watched',
      description:
        'More were open than are watched: 512 on a link, limits.transactions in all. They are passed on, but neither timed nor missed.',
      unit: RequestsPerSecond,
      queries: [{ expr: sum(rate('transactions_unwatched_total'), 'instance'), legend: '{{instance}}' }],
    }),
  ];
}
