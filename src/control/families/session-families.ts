/** MSRP sessions, what they carry, and what is missing in them. */
import type { Samples } from '../figures.js';
import { distributions, labelled, nested, single, type TrafficFamily } from './family.js';
import type { SessionTotals } from './sources.js';

export const SESSION_FAMILIES: readonly TrafficFamily[] = [
  {
    name: 'sessions',
    type: 'gauge',
    help: 'MSRP sessions on open links, by state: stalled (a request has waited for its response for 5 s), one_sided (stalled, and nothing ever came from the other side), else flowing.',
    labels: ['state'],
    samples: (_counts, sources) => labelled('state', Object.entries(sources.sessions())),
  },
  {
    name: 'sessions_total',
    type: 'counter',
    help: 'MSRP sessions since the start. One is the pair of its two URIs on a link.',
    samples: ({ sessions }) => single(sessions.openedCount),
  },
  {
    name: 'sessions_one_sided_total',
    type: 'counter',
    help: 'Sessions that ended with a request left waiting and without anything from the other side.',
    samples: ({ sessions }) => single(sessions.oneSided),
  },
  {
    name: 'sessions_unwatched_total',
    type: 'counter',
    help: 'Sessions, transfers (messages in several chunks) and deliveries (reports that are awaited) that were not watched, or not to their end, because there were too many.',
    labels: ['what'],
    samples: ({ sessions }) => labelled('what', sessions.unwatchedCounts),
  },
  {
    name: 'content_bytes_total',
    type: 'counter',
    help: 'Octets of the bodies of SENDs, by what they are: text, cpim (message/cpim whose inner type is not known), composing, imdn, file, other. For message/cpim the inner type counts.',
    labels: ['direction', 'content'],
    samples: (_counts, sources) => eachWay('content', sources.sessionTotals(), ({ bytes }) => bytes),
  },
  {
    name: 'content_messages_total',
    type: 'counter',
    help: 'Messages with a body that have come to their end, by what they are. One in several chunks counts once.',
    labels: ['direction', 'content'],
    samples: (_counts, sources) => eachWay('content', sources.sessionTotals(), ({ messages }) => messages),
  },
  {
    name: 'transfers_total',
    type: 'counter',
    help: 'Messages with a body, in one chunk or many, by what became of them: complete, overlapping (complete, octets came twice), incomplete (a gap, or the link ended before), aborted (flag #).',
    labels: ['direction', 'result'],
    samples: (_counts, sources) => eachWay('result', sources.sessionTotals(), ({ results }) => results),
  },
  {
    name: 'reports_total',
    type: 'counter',
    help: 'REPORTs by the code in their Status; 200: the message arrived; other: any code that is not registered, or none.',
    labels: ['direction', 'code'],
    samples: ({ sessions: { up, down } }) => nested('direction', 'code', { up: up.reports, down: down.reports }),
  },
  {
    name: 'delivery_duration_seconds',
    type: 'histogram',
    help: 'From the last byte of a message with Success-Report: yes to the REPORT of its arrival, by the direction of the message.',
    labels: ['direction'],
    samples: ({ sessions }) => distributions('direction', sessions.deliveries),
  },
  {
    name: 'transactions_stalled_total',
    type: 'counter',
    help: 'Requests whose response was due and had not come after 5 s, by their direction.',
    labels: ['direction'],
    samples: ({ sessions: { up, down } }) =>
      labelled('direction', [
        ['up', up.stalls],
        ['down', down.stalls],
      ]),
  },
];

function eachWay(
  label: string,
  { up, down }: SessionTotals,
  of: (totals: SessionTotals['up']) => Iterable<[string, number]>,
): Samples {
  return nested('direction', label, { up: of(up), down: of(down) });
}
