import type { Direction } from '../events.js';
import { UNWATCHED, type Unwatched } from '../sessions/kinds.js';
import type { SessionWitness, WayWitness } from '../sessions/witness.js';
import { DURATION_BOUNDS } from './durations.js';
import { Histograms } from './histograms.js';
import { codeLabel, STATUS_CODES, type StatusCode } from './label-sets.js';
import { Tally } from './tally.js';

const DIRECTIONS: readonly Direction[] = ['up', 'down'];

/** What goes one way. */
class WayCounts implements WayWitness {
  stalls = 0;
  readonly reports = new Tally<StatusCode>(STATUS_CODES);
  readonly #direction: Direction;
  readonly #deliveries: Histograms<Direction>;

  constructor(direction: Direction, deliveries: Histograms<Direction>) {
    this.#direction = direction;
    this.#deliveries = deliveries;
  }

  report(status: number): void {
    this.reports.add(codeLabel(status));
  }

  delivery(seconds: number): void {
    this.#deliveries.add(this.#direction, seconds);
  }

  stall(): void {
    this.stalls += 1;
  }
}

/** What is counted of sessions. */
export class SessionCounts implements SessionWitness {
  /** In seconds. */
  readonly deliveries = new Histograms<Direction>(DIRECTIONS, DURATION_BOUNDS);
  readonly up = new WayCounts('up', this.deliveries);
  readonly down = new WayCounts('down', this.deliveries);
  readonly unwatchedCounts = new Tally<Unwatched>(UNWATCHED);
  openedCount = 0;
  oneSided = 0;

  opened(): void {
    this.openedCount += 1;
  }

  ended(oneSided: boolean): void {
    if (oneSided) this.oneSided += 1;
  }

  unwatched(what: Unwatched): void {
    this.unwatchedCounts.add(what);
  }
}
