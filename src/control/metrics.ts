/**
 * Counts what the core tells. Every connection and every read comes through here, so it adds to plain numbers;
 * prom-client sees them when somebody scrapes.
 */
import type { Registry } from 'prom-client';
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
} from '../events.js';
import { Counts } from './counts.js';
import { buildRegistry } from './exposition.js';
import { codeLabel, methodLabel } from './label-sets.js';
import type { MetricSources } from './metric-families.js';

export interface MetricsOptions {
  /** prometheus.prefix; default msrptap. */
  readonly prefix?: string | undefined;
  /** Of this program, for build_info. */
  readonly version: string;
  /** The kinds of Read.parseError: each is there from the start, and any other counts as "other". */
  readonly parseErrorKinds: readonly string[];
  readonly sources: MetricSources;
}

export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

export class Metrics implements Observer {
  readonly #counts: Counts;
  readonly #registry: Registry;
  /** One for all links: what it counts comes with each call. */
  readonly #link: LinkObserver;

  constructor({ prefix = 'msrptap', version, parseErrorKinds, sources }: MetricsOptions) {
    this.#counts = new Counts(parseErrorKinds);
    this.#registry = buildRegistry({ prefix, version, counts: this.#counts, sources });
    this.#link = {
      connected: (upstream) => this.#opened(upstream),
      connectFailed: (attempt) => this.#failed(attempt),
      read: (read) => this.#read(read),
      closed: (connection, ending) => this.#closed(connection, ending),
      ended: () => {},
    };
  }

  link({ downstream }: LinkFacts): LinkObserver {
    this.#opened(downstream);
    return this.#link;
  }

  acceptFailed(attempt: FailedAttempt): void {
    this.#failed(attempt);
  }

  /** The text that Prometheus reads. */
  async scrape(): Promise<Scrape> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
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
    for (const piece of pieces) this.#piece(direction, piece);
    if (parseError !== null) this.#counts.parseError(parseError);
  }

  /** A message counts with its last piece, so that one that was cut off counts as none. */
  #piece(direction: Direction, { message }: Piece): void {
    if (!message.complete) return;
    const { requests, responses } = this.#counts;
    const isUp = direction === 'up';
    if (message.kind === 'request') (isUp ? requests.up : requests.down).add(methodLabel(message.method));
    else (isUp ? responses.up : responses.down).add(codeLabel(message.status));
  }
}
