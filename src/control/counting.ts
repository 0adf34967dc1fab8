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
  TimedOutTransaction,
} from '../events.js';
import { Counts } from './counts.js';
import { figuresOf, type Figures } from './figures.js';
import { codeLabel, methodLabel } from './label-sets.js';
import type { TrafficSources } from './metric-families.js';

export class Counting implements Observer {
  readonly #counts: Counts;
  readonly #sources: TrafficSources;
  /** One for all links: what it counts comes with each call. */
  readonly #link: LinkObserver;

  /** @param parseErrorKinds those of Read.parseError: each is there from the start, and any other counts as "other" */
  constructor(parseErrorKinds: readonly string[], sources: TrafficSources) {
    this.#counts = new Counts(parseErrorKinds);
    this.#sources = sources;
    this.#link = {
      connected: (upstream) => this.#opened(upstream),
      connectFailed: (attempt) => this.#failed(attempt),
      read: (read) => this.#read(read),
      transactionTimedOut: (transaction) => this.#timedOut(transaction),
      closed: (connection, ending) => this.#closed(connection, ending),
      ended: () => {},
    };
  }

  /** At this moment. */
  figures(): Figures {
    return figuresOf(this.#counts, this.#sources);
  }

  link({ downstream }: LinkFacts): LinkObserver {
    this.#opened(downstream);
    return this.#link;
  }

  acceptFailed(attempt: FailedAttempt): void {
    this.#failed(attempt);
  }

  /** @param seconds from the request's end to the response's */
  answered(method: string, seconds: number): void {
    this.#counts.transactions.add(methodLabel(method), seconds);
  }

  unwatched(): void {
    this.#counts.unwatched += 1;
  }

  #timedOut({ direction, method }: TimedOutTransaction): void {
    this.#counts.timedOut[direction].add(methodLabel(method));
  }

  #opened({ leg, proto }: ConnectionFacts): void {
    this.#counts.open[leg].add(proto);
    this.#counts.established[leg].add(proto);
  }

  #failed({ leg, proto, reason }: FailedAttempt): void {
    this.#counts.failed[leg].add(proto);
    this.#counts.failures[leg].add(reason);
  }

  #closed({ leg, proto }: ConnectionFacts, { reason }: Ending): void {
    this.#counts.open[leg].add(proto, -1);
    this.#counts.closes[leg].add(reason);
  }

  #read({ direction, buffer, pieces, strayBytes, parseError }: Read): void {
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
