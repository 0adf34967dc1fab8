import { expect, test } from 'vitest';
import { ConnectionLog } from '#src/control/connection-log.js';
import type { ConnectionFacts, FailedAttempt, LinkFacts } from '#src/events.js';
import { createLog } from '#src/lib/log.js';

/** What a peer had a library say, a subject of a certificate for one: each octet takes six in JSON. */
const QUOTED = '\u0001'.repeat(60_000);

const near = { ip: '127.0.0.1', port: 2855 };
const far = { ip: '192.0.2.7', port: 40_000 };
const downstream: ConnectionFacts = {
  leg: 'downstream',
  proto: 'msrps',
  near,
  far,
  openedAt: 0,
  tls: null,
  bytesIn: 0,
  bytesOut: 0,
  messagesIn: 0,
  messagesOut: 0,
};
const link: LinkFacts = { id: '1', downstream, nextHop: null, upstream: null };
const attempt: FailedAttempt = {
  link: '1',
  leg: 'downstream',
  proto: 'msrps',
  near,
  far,
  reason: 'tls_certificate_untrusted',
  detail: QUOTED,
  at: 0,
};

test('what a peer sent makes no line longer than 4 KiB', () => {
  const lines: string[] = [];
  const log = new ConnectionLog(createLog('debug', { write: (line) => void lines.push(line) }));
  log.acceptFailed(attempt);
  const observed = log.link(link);
  observed.connectFailed({ ...attempt, leg: 'upstream' });
  for (const status of ['SUCCESS', 'FAILURE'] as const) {
    observed.closed(downstream, { reason: 'tls_error', status, by: 'far', detail: QUOTED, at: 0 });
  }
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'accept failed',
    'accepted',
    'connect failed',
    'closed',
    'link failed',
  ]);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(4_096);
});
