import { CONTENTS, RESULTS, type Content, type Result } from './kinds.js';

/** What went one way, over many sessions. */
export class Totals {
  readonly #bytes = new Float64Array(CONTENTS.length);
  readonly #messages = new Float64Array(CONTENTS.length);
  readonly #results = new Float64Array(RESULTS.length);

  /** Octets of bodies. */
  get bytes(): Iterable<[Content, number]> {
    return named(CONTENTS, this.#bytes);
  }

  /** Messages with a body that have come to their end. */
  get messages(): Iterable<[Content, number]> {
    return named(CONTENTS, this.#messages);
  }

  get results(): Iterable<[Result, number]> {
    return named(RESULTS, this.#results);
  }

  /** @param content index of CONTENTS */
  addContent(content: number, octets: number, messages: number): void {
    this.#bytes[content]! += octets;
    this.#messages[content]! += messages;
  }

  /** @param result index of RESULTS */
  addResult(result: number, count: number): void {
    this.#results[result]! += count;
  }

  add(other: Totals): void {
    for (const index of CONTENTS.keys()) this.addContent(index, other.#bytes[index]!, other.#messages[index]!);
    for (const index of RESULTS.keys()) this.addResult(index, other.#results[index]!);
  }
}

function* named<Name>(names: readonly Name[], counts: Float64Array): Generator<[Name, number]> {
  for (const [index, name] of names.entries()) yield [name, counts[index] ?? 0];
}
