/** What has been counted since the start, as plain numbers: written by the observer, read by a scrape. */
import type { Leg, Proto } from '../events.js';
import type { Reason } from '../lib/reasons.js';
import { DURATION_BOUNDS } from './durations.js';
import { Histograms } from './histograms.js';
import {
  ANSWERED_METHODS,
  LEGS,
  METHODS,
  perDirection,
  perLeg,
  PROTOS,
  REASON_CODES,
  STATUS_CODES,
  type Method,
} from './label-sets.js';
import { SessionCounts } from './session-counts.js';
import { Tally } from './tally.js';

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
  /** In seconds, so are all durations. */
  readonly handshakes = new Histograms<Leg>(LEGS, DURATION_BOUNDS);
  readonly firstBytes = new Histograms<Proto>(PROTOS, DURATION_BOUNDS);
  readonly loopLag = new Histograms<'all'>(['all'], DURATION_BOUNDS);
  readonly transactions = new Histograms<Method>(ANSWERED_METHODS, DURATION_BOUNDS);
  readonly timedOut = perDirection(() => new Tally<Method>(ANSWERED_METHODS));
  unwatched = 0;
  readonly sessions = new SessionCounts();
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
