import { Parser, type ParserOptions } from './parser.js';
import type { KnownHeads } from './known-heads.js';

/** Parsers kept for the next reads: as many are in use at a time as messages are under way, and more come with a new one. */
const MAX_SPARE = 64;

/**
 * Between messages a parser knows nothing of its direction but the heads that repeat there. So a few parsers serve
 * thousands of quiet connections: each has one only while a message is open.
 */
export class ParserPool {
  readonly #options: ParserOptions;
  readonly #spare: Parser[] = [];

  constructor(options: ParserOptions = {}) {
    this.#options = options;
  }

  take(heads: KnownHeads): Parser {
    const parser = this.#spare.pop() ?? new Parser(this.#options);
    parser.serve(heads);
    return parser;
  }

  /** @param parser settled, and idle */
  give(parser: Parser): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(parser);
  }
}
