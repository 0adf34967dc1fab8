/** What is said over connections: bytes, requests, responses, transactions. */
import { distributions, labelled, nested, single, type TrafficFamily } from './family.js';

export const MESSAGE_FAMILIES: readonly TrafficFamily[] = [
  {
    name: 'bytes_total',
    type: 'counter',
    help: 'Bytes read, up (towards the next hop) and down; all of them are passed on unless the link ends first.',
    labels: ['direction'],
    samples: (counts) => labelled('direction', Object.entries(counts.bytes)),
  },
  {
    name: 'stray_bytes_total',
    type: 'counter',
    help: 'Bytes of CRLFs between messages: passed on, no error, but a sign of an odd endpoint.',
    labels: ['direction'],
    samples: (counts) => labelled('direction', Object.entries(counts.strayBytes)),
  },
  {
    name: 'parse_errors_total',
    type: 'counter',
    help: 'Reads whose bytes were not MSRP, by what was wrong first. on_parse_error says what then happens to the link.',
    labels: ['reason'],
    samples: (counts) => labelled('reason', counts.parseErrors),
  },
  {
    name: 'requests_total',
    type: 'counter',
    help: 'Complete MSRP requests (each chunk of a message is one) by method; other: any method without a series.',
    labels: ['direction', 'method'],
    samples: (counts) => nested('direction', 'method', counts.requests),
  },
  {
    name: 'responses_total',
    type: 'counter',
    help: 'Complete MSRP responses by status code; other: any code that is not registered.',
    labels: ['direction', 'code'],
    samples: (counts) => nested('direction', 'code', counts.responses),
  },
  {
    name: 'transaction_duration_seconds',
    type: 'histogram',
    help: 'From the last byte of a request to the last of its response, as seen here, by method. Of requests to which a response is due; 0 for a response that came first.',
    labels: ['method'],
    samples: (counts) => distributions('method', counts.transactions),
  },
  {
    name: 'transactions_open',
    type: 'gauge',
    help: 'Requests whose response is due and has not come, those that are still arriving included.',
    samples: (_counts, sources) => single(sources.transactionsOpen()),
  },
  {
    name: 'transactions_timed_out_total',
    type: 'counter',
    help: 'Requests that got no response within transaction_timeout, by their direction.',
    labels: ['direction', 'method'],
    samples: (counts) => nested('direction', 'method', counts.timedOut),
  },
  {
    name: 'transactions_unwatched_total',
    type: 'counter',
    help: 'Requests that were not watched because too many were open, on their link or in all.',
    samples: (counts) => single(counts.unwatched),
  },
];
