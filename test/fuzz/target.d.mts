/** What is fuzzed: something that takes octets of anybody, with what has to hold of it whatever they are. */
export interface Target {
  readonly name: string;
  /** What it reads, for the table. */
  readonly what: string;
  /** Inputs as they are in the field, to begin with. */
  readonly seeds: readonly Buffer[];
  /** Words that mean something to it; random octets would take ages to find them. */
  readonly words: readonly string[];
  /** The longest input that is made. */
  readonly maxLength: number;
  /** Takes one input. @throws whatever must not be */
  run(input: Buffer): void | Promise<void>;
  /** Ends what `run` has started. */
  close?(): Promise<void>;
}

/** A case that went wrong. */
export interface Finding {
  readonly input: Buffer;
  readonly error: unknown;
}

export interface Figures {
  readonly name: string;
  readonly what: string;
  readonly cases: number;
  readonly seconds: number;
  /** Octets of source code that were reached. */
  readonly reached: number;
  /** Inputs that each reached something of their own. */
  readonly kept: number;
  readonly findings: number;
}
