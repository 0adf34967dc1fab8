/** What observers are told of links that carry nothing. */
import type { ConnectionFacts, Leg, LinkFacts } from '#src/events.js';
import { UNSPECIFIED } from '#src/lib/address.js';

export function connectionFacts(leg: Leg): ConnectionFacts {
  const figures = { openedAt: 0, bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 };
  return { leg, proto: 'msrp', near: UNSPECIFIED, far: UNSPECIFIED, tls: null, ...figures };
}

export function linkFacts(id = 'x-1'): LinkFacts {
  return { id, downstream: connectionFacts('downstream'), upstream: connectionFacts('upstream'), nextHop: null };
}
