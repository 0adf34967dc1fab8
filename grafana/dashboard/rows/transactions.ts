import { PercentUnit, RequestsPerSecond } from '@grafana/grafana-foundation-sdk/units';
import { lines, type Panel } from '../panels.js';
import { happening, rate, share, sum } from '../query.js';

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
  ];
}
