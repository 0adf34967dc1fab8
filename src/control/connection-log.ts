import type {
  ConnectionFacts,
  Ending,
  FailedAttempt,
  LinkFacts,
  LinkObserver,
  Observer,
  TimedOutTransaction,
} from '../events.js';
import { formatEndpoint } from '../lib/address.js';
import type { Log } from '../lib/log.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import { shownDetail } from '../lib/reasons.js';

/**
 * What an operator wants to read of connections: a next hop that fails is a warning, a client or a link that fails is an
 * information (both limited in rate, for peers decide how often they happen), the rest is for debugging.
 */
export class ConnectionLog implements Observer {
  readonly #log: Log;
  readonly #limited: RateLimitedLog;

  constructor(log: Log) {
    this.#log = log;
    this.#limited = new RateLimitedLog(log);
  }

  /** Tells now how many lines were left out. */
  flush(): void {
    this.#limited.flush();
  }

  acceptFailed(attempt: FailedAttempt): void {
    this.#limited.write('info', 'accept failed', {
      ...attemptFields(attempt),
      from: formatEndpoint(attempt.far),
      socket: formatEndpoint(attempt.near),
    });
  }

  link(link: LinkFacts): LinkObserver {
    this.#log.debug({ link: link.id, ...endsOf(link.downstream) }, 'accepted');
    return new LinkLog(link, this.#log, this.#limited);
  }
}

class LinkLog implements LinkObserver {
  readonly #link: LinkFacts;
  readonly #log: Log;
  readonly #limited: RateLimitedLog;

  constructor(link: LinkFacts, log: Log, limited: RateLimitedLog) {
    this.#link = link;
    this.#log = log;
    this.#limited = limited;
  }

  connected(upstream: ConnectionFacts): void {
    this.#log.debug({ link: this.#link.id, ...endsOf(upstream) }, 'connected');
  }

  connectFailed(attempt: FailedAttempt): void {
    this.#limited.write('warn', 'connect failed', {
      ...attemptFields(attempt),
      next_hop: `${attempt.proto}:${attempt.name ?? formatEndpoint(attempt.far)}`,
      from: formatEndpoint(this.#link.downstream.far),
    });
  }

  read(): void {}

  transactionTimedOut({ direction, method, transactionId, age }: TimedOutTransaction): void {
    const { id, downstream } = this.#link;
    const fields = { link: id, from: formatEndpoint(downstream.far), direction, method, transactionId, age };
    this.#limited.write('info', 'a request got no response', fields);
  }

  closed(connection: ConnectionFacts, ending: Ending): void {
    const { reason, detail, by } = ending;
    const fields = { link: this.#link.id, ...endsOf(connection), reason, detail: shownDetail(detail), by };
    // The connection that only followed the other is told of by the other's line.
    if (ending.status === 'SUCCESS' || reason === 'link_closed') this.#log.debug(fields, 'closed');
    else this.#limited.write('info', 'link failed', fields);
  }

  ended(): void {}
}

function attemptFields({ link, proto, reason, detail }: FailedAttempt): Record<string, unknown> {
  // Of many there is nothing to tell beyond the reason.
  return { link, proto, reason, ...(detail === '' ? {} : { detail: shownDetail(detail) }) };
}

function endsOf({ leg, proto, near, far }: ConnectionFacts): Record<string, unknown> {
  return { leg, proto, near: formatEndpoint(near), far: formatEndpoint(far) };
}
