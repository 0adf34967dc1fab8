/** What has been counted since the start, as plain numbers: written by the observer, read by a scrape. */
import type { Proto } from '../events.js';
import type { Reason } from '../lib/reasons.js';
import { METHODS, perDirection, perLeg, PROTOS, REASON_CODES, STATUS_CODES } from './label-sets.js';
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
