/**
 * Counts what the core tells. Every connection and every read comes through here, so it adds to plain numbers;
 * they are gathered when somebody scrapes.
 */
import type {
  ConnectionFacts,
  Ending,
  FailedAttempt,
  LinkFacts,
  LinkObserver,
  Observer,
  Piece,
  Read,
  Direction,
  Proto,
  TimedOutTransaction,
} from '../events.js';
import type { SessionWitness } from '../sessions/witness.js';
import { Counts } from './counts.js';
import { figuresOf, type Figures } from './figures.js';
import { codeLabel, methodLabel } from './label-sets.js';
import type { TrafficSources } from './metric-families.js';

/** In the place of a time that is waited for. */
const OVER = -1;

export class Counting implements Observer {
  readonly #counts: Counts;
  readonly #sources: TrafficSources;
  /** @param parseErrorKinds those of Read.parseError: each is there from the start, and any other counts as "other" */
  constructor(parseErrorKinds: readonly string[], sources: TrafficSources) {
    this.#counts = new Counts(parseErrorKinds);
    this.#sources = sources;
  }

  /** Counts what is seen of sessions. */
  get sessions(): SessionWitness {
    return this.#counts.sessions;
  }

  /** At this moment. */
  figures(): Figures {
    return figuresOf(this.#counts, this.#sources);
  }

  link(link: LinkFacts): LinkObserver {
    this.opened(link.downstream);
    return new LinkCounting(this, link);
  }

  acceptFailed(attempt: FailedAttempt): void {
    this.failed(attempt);
  }

  /** @param seconds from the request's end to the response's */
  answered(method: string, seconds: number): void {
    this.#counts.transactions.add(methodLabel(method), seconds);
  }

  unwatched(): void {
    this.#counts.unwatched += 1;
  }

  /** @param seconds that the event loop was late */
  lag(seconds: number): void {
    this.#counts.loopLag.add('all', seconds);
  }

  /** @param seconds from the first byte of a client to the first of its next hop */
  firstByte(proto: Proto, seconds: number): void {
    this.#counts.firstBytes.add(proto, seconds);
  }

  timedOut({ direction, method }: TimedOutTransaction): void {
    this.#counts.timedOut[direction].add(methodLabel(method));
  }

  opened({ leg, proto, tls }: ConnectionFacts): void {
    if (tls !== null) this.#counts.handshakes.add(leg, tls.handshake / 1_000);
    this.#counts.open[leg].add(proto);
    this.#counts.established[leg].add(proto);
  }

  failed({ leg, proto, reason }: FailedAttempt): void {
    this.#counts.failed[leg].add(proto);
    this.#counts.failures[leg].add(reason);
  }

  closed({ leg, proto }: ConnectionFacts, { reason }: Ending): void {
    this.#counts.open[leg].add(proto, -1);
    this.#counts.closes[leg].add(reason);
  }

  read({ direction, buffer, pieces, strayBytes, parseError }: Read): void {
    const { bytes, strayBytes: stray } = this.#counts;
    // Written out, for a name that varies is looked up slowly, and this is done for every read.
    if (direction === 'up') {
      bytes.up += buffer.length;
      stray.up += strayBytes;
    } else {
      bytes.down += buffer.length;
      stray.down += strayBytes;
    }
    this.#messages(direction, pieces);
    if (parseError !== null) this.#counts.parseError(parseError);
  }

  /** A message counts with its last piece, so that one that was cut off counts as none. */
  #messages(direction: Direction, pieces: readonly Piece[]): void {
    const isUp = direction === 'up';
    const requests = isUp ? this.#counts.requests.up : this.#counts.requests.down;
    const responses = isUp ? this.#counts.responses.up : this.#counts.responses.down;
    for (const { message } of pieces) {
      if (!message.complete) continue;
      if (message.kind === 'request') requests.add(methodLabel(message.method));
      else responses.add(codeLabel(message.status));
    }
  }
}

/** What one link tells. */
class LinkCounting implements LinkObserver {
  readonly #counting: Counting;
  readonly #link: LinkFacts;
  /** When the client's first bytes came, in milliseconds of performance.now(); 0: they have not, -1: it is over. */
  #askedAt = 0;

  constructor(counting: Counting, link: LinkFacts) {
    this.#counting = counting;
    this.#link = link;
  }

  connected(upstream: ConnectionFacts): void {
    this.#counting.opened(upstream);
  }

  connectFailed(attempt: FailedAttempt): void {
    this.#counting.failed(attempt);
  }

  read(read: Read): void {
    if (this.#askedAt !== OVER) this.#awaitFirstByte(read.direction);
    this.#counting.read(read);
  }

  transactionTimedOut(transaction: TimedOutTransaction): void {
    this.#counting.timedOut(transaction);
  }

  closed(connection: ConnectionFacts, ending: Ending): void {
    this.#counting.closed(connection, ending);
  }

  ended(): void {}

  #awaitFirstByte(direction: Direction): void {
    if (direction === 'up') {
      if (this.#askedAt === 0) this.#askedAt = performance.now();
      return;
    }
    // A next hop that speaks first answers nothing.
    const { upstream } = this.#link;
    if (this.#askedAt !== 0 && upstream !== null) {
      this.#counting.firstByte(upstream.proto, (performance.now() - this.#askedAt) / 1_000);
    }
    this.#askedAt = OVER;
  }
}
