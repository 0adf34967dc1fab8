import type { Figure, Skipped } from '../figures.mjs';
import type { Stage } from '../measure.mjs';
import type { Programs } from '../peers/programs.mjs';

/** Some lines of the table that are measured together. */
export interface Row {
  /** Unique, for --only. */
  readonly name: string;
  /** Of its figures, for --only too. */
  readonly figures: readonly string[];
  /** Programs of others that it cannot do without. */
  readonly needs: readonly (keyof Programs)[];
  measure(bench: Bench): Promise<Outcome>;
}

export interface Outcome {
  readonly figures: readonly (Figure | Skipped)[];
  /** Whatever was measured, as it was: for the JSON. */
  readonly raw: unknown;
}

/** What a row may use. */
export interface Bench extends Stage {
  readonly programs: Programs;
  /** The figures that are asked for. */
  readonly wanted: ReadonlySet<string>;
  readonly quick: boolean;
  /** Rounds of a row: one in a quick run. */
  readonly rounds: number;
  /** A folder of cert.pem, key.pem and both.pem for 127.0.0.1. */
  certificates(): string;
}
