/** What has been counted since the start, as plain numbers: written by the observer, read by a scrape. */
import type { Proto } from '../events.js';
import type { Reason } from '../lib/reasons.js';
import { Histograms } from './histograms.js';
import {
  ANSWERED_METHODS,
  METHODS,
  perDirection,
  perLeg,
  PROTOS,
  REASON_CODES,
  STATUS_CODES,
  type Method,
} from './label-sets.js';
import { Tally } from './tally.js';

/** Seconds that transactions take: from a local network to the timeout of RFC 4975. */
const DURATION_BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

export class Counts {
  readonly open = perLeg(() => new Tally<Proto>(PROTOS));
  readonly established = perLeg(() => new Tally<Proto>(PROTOS));
  readonly failed = perLeg(() => new Tally<Proto>(PROTOS));
  readonly failures = perLeg(() => new Tally<Reason>(REASON_CODES));
  readonly closes = perLeg(() => new Tally<Reason>(REASON_CODES));
  readonly bytes = perDirection(() => 0);
  readonly strayBytes = perDirection(() => 0);
  readonly requests = perDirection(() => new Tally(METHODS));
  readonly responses = perDirection(() => new Tally(STATUS_CODES));
  /** In seconds. */
  readonly transactions = new Histograms<Method>(ANSWERED_METHODS, DURATION_BOUNDS);
  readonly timedOut = perDirection(() => new Tally<Method>(ANSWERED_METHODS));
  unwatched = 0;
  readonly parseErrors: Tally<string>;

  readonly #parseErrorKinds: ReadonlySet<string>;

  constructor(parseErrorKinds: readonly string[]) {
    this.#parseErrorKinds = new Set(parseErrorKinds);
    this.parseErrors = new Tally([...this.#parseErrorKinds, 'other']);
  }

  parseError(kind: string): void {
    this.parseErrors.add(this.#parseErrorKinds.has(kind) ? kind : 'other');
  }
}
