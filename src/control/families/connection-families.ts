/** Connections: how many, how they ended, and how long they took to come to be. */
import type { Labels } from '../figures.js';
import { distributions, nested, type TrafficFamily } from './family.js';
import type { TrafficSources } from './sources.js';

export const CONNECTION_FAMILIES: readonly TrafficFamily[] = [
  {
    name: 'connections',
    type: 'gauge',
    help: 'Open connections: accepted ones (leg downstream) and those to next hops (leg upstream).',
    labels: ['leg', 'proto'],
    samples: (counts) => nested('leg', 'proto', counts.open),
  },
  {
    name: 'connections_total',
    type: 'counter',
    help: 'Connections accepted (leg downstream) and dialled (leg upstream) since the start, TLS handshakes included, by result.',
    labels: ['leg', 'proto', 'result'],
    samples: (counts) => [
      ...nested('leg', 'proto', counts.established, { result: 'success' }),
      ...nested('leg', 'proto', counts.failed, { result: 'failure' }),
    ],
  },
  {
    name: 'connection_failures_total',
    type: 'counter',
    help: 'Why accepts and dials failed: connections_total with result failure, by reason.',
    labels: ['leg', 'reason'],
    samples: (counts) => nested('leg', 'reason', counts.failures),
  },
  {
    name: 'connection_closes_total',
    type: 'counter',
    help: 'Why established connections ended. link_closed: the other connection of the link was the one to end.',
    labels: ['leg', 'reason'],
    samples: (counts) => nested('leg', 'reason', counts.closes),
  },
  {
    name: 'tls_handshake_duration_seconds',
    type: 'histogram',
    help: 'TLS handshakes that succeeded: of clients (leg downstream, from the accept on), with next hops (leg upstream, from the TCP connection on).',
    labels: ['leg'],
    samples: (counts) => distributions('leg', counts.handshakes),
  },
  {
    name: 'upstream_first_byte_seconds',
    type: 'histogram',
    help: 'From the first byte of a client to the first byte of its next hop, a dial that was under way included, by the protocol of the next hop.',
    labels: ['proto'],
    samples: (counts) => distributions('proto', counts.firstBytes),
  },
  {
    name: 'upstream_up',
    type: 'gauge',
    help: '1 while the last dial of the next hop succeeded, and before the first; 0 while it failed. With several workers: in all of them. An upstream is one of the configuration.',
    merge: 'min',
    labels: ['upstream'],
    samples: (_counts, sources) => sources.upstreams().map(({ name, up }) => [{ upstream: name }, Number(up)]),
  },
  {
    name: 'upstream_dials_total',
    type: 'counter',
    help: 'Dials of the next hops of the configuration, by result.',
    labels: ['upstream', 'result'],
    samples: (_counts, sources) => upstreamDials(sources),
  },
  {
    name: 'tls_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    help: 'When the certificate in force ends, or one above it in its file, by TLS domain (side server: server_domain, client: client_domain). Seconds since 1970; with several workers, the earliest.',
    merge: 'min',
    labels: ['side', 'domain'],
    samples: (_counts, sources) =>
      sources.tlsCertificates().map(({ side, domain, expiresAt }) => [{ side, domain }, expiresAt]),
  },
];

function* upstreamDials(sources: TrafficSources): Generator<readonly [Labels, number]> {
  for (const { name: upstream, succeeded, failed } of sources.upstreams()) {
    yield [{ upstream, result: 'success' }, succeeded];
    yield [{ upstream, result: 'failure' }, failed];
  }
}
