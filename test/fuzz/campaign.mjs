// @ts-check
/** The loop: change an input that is known, run it, keep it when it reached something new. */
import { Coverage } from './coverage.mjs';
import { mutate } from './mutate.mjs';
import { Random } from './random.mjs';

/** @import { Figures, Finding, Target } from './target.mjs' */

/** To ask what ran takes longer than to run an input: it is asked once for so many, and of each only when there was anything. */
const BATCH = 200;

/** One finding shows up in many inputs; after so many there is nothing more to learn before it is mended. */
const MOST_FINDINGS = 20;

/** Milliseconds of a processor for one input. All that is fuzzed is far below it; what is over it holds up everybody's connections. */
const TOO_SLOW = 1_000;

export class Campaign {
  #target;
  #random;
  #coverage = new Coverage();
  /** @type {Buffer[]} */
  #kept;
  #words;
  /** @type {Finding[]} */
  #findings = [];
  /** @type {Set<string>} */
  #errors = new Set();
  #cases = 0;
  #startedAt = performance.now();

  /** @param {Target} target @param {readonly Buffer[]} corpus @param {number} seed */
  constructor(target, corpus, seed) {
    this.#target = target;
    this.#random = new Random(seed);
    this.#kept = [...target.seeds, ...corpus];
    this.#words = target.words.map((word) => Buffer.from(word, 'latin1'));
  }

  get findings() {
    return this.#findings;
  }

  /** Those of the inputs that each reach something of their own. */
  get kept() {
    return this.#kept;
  }

  /** @returns {Figures} */
  get figures() {
    return {
      name: this.#target.name,
      what: this.#target.what,
      cases: this.#cases,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      reached: this.#coverage.reached,
      kept: this.#kept.length,
      findings: this.#findings.length,
    };
  }

  /**
   * @param {{ readonly seconds: number, readonly cases: number }} limits whichever is reached first
   * @param {(figures: Figures) => void} tell called after each batch
   */
  async run({ seconds, cases }, tell) {
    this.#coverage.start();
    try {
      await this.#distil();
      const until = this.#startedAt + seconds * 1_000;
      while (performance.now() < until && this.#cases < cases && this.#findings.length < MOST_FINDINGS) {
        await this.#batch();
        tell(this.figures);
      }
    } finally {
      this.#coverage.stop();
    }
  }

  /** What a corpus of earlier runs reaches may be reached by fewer by now; by the shortest, which take the least time. */
  async #distil() {
    const given = this.#kept.toSorted((a, b) => a.length - b.length);
    this.#kept = [];
    for (const input of given) await this.#keepIfNew(input);
    if (this.#kept.length === 0) this.#kept = [...this.#target.seeds];
  }

  async #batch() {
    const material = { words: this.#words, others: this.#kept };
    /** @type {Buffer[]} */
    const inputs = [];
    for (let i = 0; i < BATCH; i += 1) {
      const parent = this.#random.oneOf(this.#kept);
      const input = Buffer.from(mutate(parent, this.#random, material, this.#target.maxLength));
      inputs.push(input);
      await this.#time(input);
    }
    this.#cases += BATCH;
    if (!this.#coverage.look()) return;
    this.#coverage.forget();
    for (const input of inputs) await this.#keepIfNew(input);
  }

  /** @param {Buffer} input */
  async #keepIfNew(input) {
    await this.#try(input);
    if (this.#coverage.look()) this.#kept.push(input);
  }

  /** @param {Buffer} input @returns {Promise<number>} how many milliseconds it took */
  async #try(input) {
    const begin = performance.now();
    try {
      // It may be changed by whoever is given it.
      await this.#target.run(Buffer.from(input));
    } catch (error) {
      this.#found(input, error);
    }
    return performance.now() - begin;
  }

  /** @param {Buffer} input */
  async #time(input) {
    const took = await this.#try(input);
    if (took <= TOO_SLOW) return;
    // By the clock it may have been another process that took the time.
    const before = process.cpuUsage();
    await this.#try(input);
    const { user, system } = process.cpuUsage(before);
    const milliseconds = (user + system) / 1_000;
    if (milliseconds > TOO_SLOW) this.#found(input, new Error(`it took ${Math.round(milliseconds)} ms of a processor`));
  }

  /** The first input of each error is enough. @param {Buffer} input @param {unknown} error */
  #found(input, error) {
    const place =
      error instanceof Error ? `${error.message.slice(0, 60)}${error.stack?.split('\n')[1] ?? ''}` : String(error);
    if (this.#errors.has(place)) return;
    this.#errors.add(place);
    this.#findings.push({ input, error });
  }
}
