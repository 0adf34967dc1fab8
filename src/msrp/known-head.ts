import { COLON, CR, LF, isDigit } from './grammar.js';
import { failureReportAt, isFailureReportAt } from './failure-report.js';
import { isHeaderAt } from './header-name.js';
import { methodIn } from './method.js';
import { PathsToken, TypeToken } from './repeated-paths.js';
import { DEFAULT_REPORTS, type Reports } from './reports.js';
import { isSuccessReportAt, successReportAt } from './success-report.js';
import { NOT_WHOLE, skipWholeLines, skipWholeValue } from './whole-lines.js';
import { skipWholeCode } from './whole-start-line.js';
import { sameOctets, wordsOf, type Words } from './words.js';

/** What is behind is read without help: two paths and what a chat adds have room, and every connection holds so much. */
const MAX_OCTETS = 512;

/** Grain of the memory they are kept in. */
const GRAIN = 64;

/** Messages in a row with other headers, until these are learnt. */
const MAX_STRANGERS = 2;

const CRLF_LENGTH = 2;

const NOTHING = wordsOf(new Uint8Array(0));

/**
 * The head of the last message of a kind in one direction, from its method or status code on. A chat repeats most of it in
 * every message: what stands there again needs no second look, and where a value is new, only that is read. The paths come
 * first [RFC 4975 §9] and are the longest; their token spares reading them to those who look on.
 */
export class KnownHead {
  /** Where the headers of the message begin that was looked at last. */
  headersAt = 0;
  /** Of a request, if it has the known one, else null. */
  method: string | null = null;
  /** Of its paths, if they are the known ones, else null. */
  paths: PathsToken | null = null;
  /** Those it asks for, if it has the known headers and these say what they said, else null. */
  reports: Reports | null = null;
  /** Of its Content-Type, if that is the last header and the known one, else null. */
  typeToken: TypeToken | null = null;
  /** Where its method or status code stands. */
  #code = 0;
  #method: string | null = null;
  #octets = NOTHING;
  #length = 0;
  /** Where each line ends; the start-line is the first. */
  #ends: readonly number[] = [];
  /** Where the colon of each stands. */
  #colons: readonly number[] = [];
  #pathsEnd = 0;
  #token: PathsToken | null = null;
  #reports = DEFAULT_REPORTS;
  /** Which lines they stand in; -1: in none. */
  #failureReportLine = -1;
  #successReportLine = -1;
  #typeToken: TypeToken | null = null;
  /** There was no room for the last of its lines. */
  #isPart = false;
  #strangers = 0;

  /**
   * Skips what stands in `read[code, stop)` as a whole and has no fault: the rest of a start-line, and headers.
   * @returns the offset behind the last of these lines, or NOT_WHOLE when already the start-line is not
   */
  skip(read: Buffer, words: Words, code: number, stop: number): number {
    this.#code = code;
    const same = sameOctets(words, code, stop, this.#octets, 0, this.#length);
    const codeEnd = this.#length === 0 ? 0 : this.#ends[0]!;
    if (codeEnd > 0 && same >= codeEnd) {
      this.headersAt = code + codeEnd;
      this.method = this.#method;
      return this.#follow(read, words, code + same, stop, same, same >= this.#pathsEnd);
    }
    const end = skipWholeCode(read, code, stop);
    if (end === NOT_WHOLE) return NOT_WHOLE;
    this.headersAt = end;
    this.method = null;
    return this.skipHeaders(read, words, end, stop);
  }

  /**
   * Skips headers that stand in `read[at, stop)` as a whole and have no fault.
   * @returns the offset behind the last of them, `at` when there is none
   */
  skipHeaders(read: Buffer, words: Words, at: number, stop: number): number {
    if (this.#length === 0) {
      this.paths = null;
      this.reports = null;
      this.typeToken = null;
      return skipWholeLines(read, words, at, stop);
    }
    const from = this.#ends[0]!;
    const same = sameOctets(words, at, stop, this.#octets, from, this.#length);
    return this.#follow(read, words, at + same - from, stop, same, same >= this.#pathsEnd);
  }

  #follow(read: Buffer, words: Words, at: number, stop: number, same: number, hasPaths: boolean): number {
    this.paths = hasPaths ? this.#token : null;
    this.reports = null;
    this.typeToken = null;
    const length = this.#length;
    let line = 1;
    let isNewReport = false;
    let lastNew = 0;
    while (same < length) {
      while (this.#ends[line]! <= same) line++;
      const start = at - same + this.#ends[line - 1]!;
      // Where a read cuts it, it is no stranger yet.
      if (at >= stop) return start;
      const end = this.#ends[line]!;
      // Its name is another one, or after its CR comes no LF.
      if (same <= this.#colons[line]! || same === end - 1) {
        this.#strangers++;
        return skipWholeLines(read, words, start, stop);
      }
      if (line === this.#failureReportLine || line === this.#successReportLine) isNewReport = true;
      lastNew = line;
      at = skipWholeValue(read, words, at, stop);
      if (at === NOT_WHOLE) return start;
      same = sameOctets(words, at, stop, this.#octets, end, length);
      at += same - end;
    }
    const behind = skipWholeLines(read, words, at, stop);
    if (behind === at) {
      if (!isNewReport) this.reports = this.#reports;
      if (lastNew < this.#ends.length - 1) this.typeToken = this.#typeToken;
    }
    this.#strangers = behind === at || this.#isPart ? 0 : this.#strangers + 1;
    return behind;
  }

  /** Remembers the head that was skipped last, if it is new and begins with the paths. It ends in `read` at `end`. */
  learn(read: Buffer, end: number): void {
    if (this.paths !== null && this.#strangers < MAX_STRANGERS) return;
    this.#strangers = 0;
    const toPath = this.headersAt;
    if (!isHeaderAt(read, toPath, 'to-path')) return;
    const fromPath = read.indexOf(LF, toPath) + 1;
    if (fromPath >= end || !isHeaderAt(read, fromPath, 'from-path')) return;
    const pathsEnd = read.indexOf(LF, fromPath) + 1 - this.#code;
    if (pathsEnd > MAX_OCTETS) return;
    this.#learnLines(read, end);
    this.#pathsEnd = pathsEnd;
    this.#token = this.paths ?? new PathsToken();
    this.paths = this.#token;
  }

  #learnLines(read: Buffer, end: number): void {
    const code = this.#code;
    const stop = Math.min(end, code + MAX_OCTETS);
    const ends: number[] = [];
    const colons: number[] = [];
    let length = 0;
    this.#isPart = false;
    this.#method = isDigit(read[code]!) ? null : methodIn(read, code, this.headersAt - CRLF_LENGTH);
    this.method = this.#method;
    this.#reports = DEFAULT_REPORTS;
    this.#failureReportLine = -1;
    this.#successReportLine = -1;
    for (let line = code; line < stop && read[line] !== CR; line = code + length) {
      const lineEnd = read.indexOf(LF, line) + 1;
      if (lineEnd > stop) {
        this.#isPart = true;
        break;
      }
      if (isFailureReportAt(read, line) && this.#failureReportLine === -1) {
        this.#reports = { ...this.#reports, failure: failureReportAt(read, line) };
        this.#failureReportLine = ends.length;
      } else if (isSuccessReportAt(read, line) && this.#successReportLine === -1) {
        this.#reports = { ...this.#reports, success: successReportAt(read, line) };
        this.#successReportLine = ends.length;
      }
      length = lineEnd - code;
      ends.push(length);
      colons.push(read.indexOf(COLON, line) - code);
    }
    // Copies have no room for more, which every connection would hold.
    this.#ends = ends.slice();
    this.#colons = colons.slice();
    if (length > this.#octets.byteLength) {
      this.#octets = wordsOf(new Uint8Array(Math.ceil(length / GRAIN) * GRAIN));
    }
    new Uint8Array(this.#octets.buffer).set(read.subarray(code, code + length));
    this.#length = length;
    this.reports = this.#isPart ? null : this.#reports;
    this.#typeToken = this.#isPart ? null : typeTokenOf(read, code, ends);
    this.typeToken = this.#typeToken;
  }
}

/** @param ends where the lines end, from the start-line at `code` on @returns null: the last one is no Content-Type */
function typeTokenOf(read: Buffer, code: number, ends: readonly number[]): TypeToken | null {
  const [beforeLast = 0, last = 0, end = 0] = ends.slice(-3);
  if (!isHeaderAt(read, code + last, 'content-type')) return null;
  return new TypeToken(end - last, isHeaderAt(read, code + beforeLast, 'byte-range'));
}
