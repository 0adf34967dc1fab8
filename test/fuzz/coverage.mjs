// @ts-check
/** Which of msrptap's code has run, from V8 itself: an input that reaches something new is worth going on from. */
import { Session } from 'node:inspector';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

/** @import { Profiler } from 'node:inspector' */

const CODE = pathToFileURL(join(import.meta.dirname, '../../dist/')).href;

export class Coverage {
  #session = new Session();
  /** By function: the octets of it that have run. @type {Map<string, Uint8Array>} */
  #functions = new Map();
  #reached = 0;
  /** What the last look found. @type {(readonly [known: Uint8Array, at: number])[]} */
  #fresh = [];

  /** Nothing that was loaded before counts. */
  start() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop() {
    this.#session.disconnect();
  }

  /** Octets of source code that were reached so far. */
  get reached() {
    return this.#reached;
  }

  /** Looks at what ran since the last look. @returns {boolean} whether anything ran for the first time */
  look() {
    this.#fresh = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw new Error(`no coverage: ${error.message}`);
      for (const script of taken.result) if (script.url.startsWith(CODE)) this.#add(script);
    });
    return this.#fresh.length > 0;
  }

  /** What the last look found is new once more: it may be asked which of many inputs it was. */
  forget() {
    for (const [known, at] of this.#fresh) known[at] = 0;
    this.#reached -= this.#fresh.length;
    this.#fresh = [];
  }

  /** @param {Profiler.ScriptCoverage} script */
  #add({ scriptId, functions }) {
    for (const { ranges } of functions) {
      const [whole] = ranges;
      if (whole === undefined || whole.count === 0) continue;
      const ran = new Uint8Array(whole.endOffset - whole.startOffset);
      // Outer ranges come first, and inner ones say it more exactly.
      for (const { startOffset, endOffset, count } of ranges) {
        ran.fill(count > 0 ? 1 : 0, startOffset - whole.startOffset, endOffset - whole.startOffset);
      }
      this.#mark(this.#place(scriptId, whole.startOffset, ran.length), ran);
    }
  }

  /** Of one function. @param {string} script @param {number} start @param {number} octets @returns {Uint8Array} */
  #place(script, start, octets) {
    const name = `${script}:${start}:${octets}`;
    const known = this.#functions.get(name) ?? new Uint8Array(octets);
    this.#functions.set(name, known);
    return known;
  }

  /** @param {Uint8Array} known @param {Uint8Array} ran */
  #mark(known, ran) {
    for (let i = 0; i < ran.length; i += 1) {
      if (ran[i] === 0 || known[i] === 1) continue;
      known[i] = 1;
      this.#fresh.push([known, i]);
      this.#reached += 1;
    }
  }
}
