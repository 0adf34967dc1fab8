import { CR, HYPHEN, LF, PROTOCOL, continuationFlag, isDigit } from './grammar.js';
import { headersOverLimit, type HeaderLimits } from './header-limits.js';
import type { KnownHead } from './known-head.js';
import { KnownHeads } from './known-heads.js';
import { ParsedMessage, type Message } from './message.js';
import { BEHIND_ID, endLineIn, endLineLength, isEndLineAt } from './whole-end-line.js';
import { NOT_WHOLE } from './whole-lines.js';
import { skipWholeTransactionId } from './whole-start-line.js';
import type { Words } from './words.js';

const CRLF_LENGTH = 2;
const DIGIT_0 = 0x30;

/**
 * Takes messages that stand in a read as a whole and have no fault, as nearly all do. What is cut or faulty is left to
 * the states of the parser, at the line or in the body where it is.
 */
export class WholeMessages {
  /** Behind the message that was taken last, or where the states go on with it. */
  end = 0;
  readonly #limits: HeaderLimits;
  #heads = new KnownHeads();

  constructor(limits: HeaderLimits) {
    this.#limits = limits;
  }

  /** From now on the messages are of another direction. */
  serve(heads: KnownHeads): void {
    this.#heads = heads;
  }

  /** The head of the last message of a kind. */
  known(kind: Message['kind']): KnownHead {
    return this.#heads.of(kind);
  }

  /**
   * Takes as much as is whole of the message that begins in `read` at `start`.
   * @param stop the first offset that its header section must not reach, or the end of the read
   * @returns the message: `complete`; or `headComplete`, and its body goes on at `end`; or neither, and a header or an
   *   end-line begins at `end`. null when already its start-line is not whole, or it has too many headers
   */
  take(read: Buffer, words: Words, start: number, stop: number): ParsedMessage | null {
    const code = skipWholeTransactionId(read, words, start, stop);
    if (code === NOT_WHOLE) return null;
    const isResponse = isDigit(read[code]!);
    const known = this.#heads.of(isResponse ? 'response' : 'request');
    const line = known.skip(read, words, code, stop);
    if (line === NOT_WHOLE) return null;

    const message = new ParsedMessage(start);
    const id = start + PROTOCOL.length;
    const idLength = code - 1 - id;
    message.transactionIdLength = idLength;
    message.startLineLength = known.headersAt - start;
    if (isResponse) {
      message.kind = 'response';
      message.status = statusAt(read, code);
    }
    // Without a body, the CRLF before the end-line is the one that ends the last line.
    if (line < read.length && read[line] === HYPHEN) {
      if (isEndLineAt(read, words, line - CRLF_LENGTH, id, idLength)) {
        if (isOverLimit(known, read, line, this.#limits)) return null;
        endHead(message, known, read, line);
        return this.#close(message, read, line - CRLF_LENGTH);
      }
    } else if (line + 1 < stop && read[line] === CR && read[line + 1] === LF) {
      const body = line + CRLF_LENGTH;
      if (isOverLimit(known, read, line, this.#limits)) return null;
      endHead(message, known, read, body);
      // Peers that send an empty body let the CRLF of the blank line serve as the one before the end-line.
      const endLine = endLineIn(read, words, line, id, idLength);
      if (endLine !== -1) return this.#close(message, read, endLine);
      // One that goes on behind this read begins in its last octets.
      this.end = Math.max(body, read.length - endLineLength(idLength) + 1);
      return message;
    }
    message.paths = known.paths;
    this.end = line;
    return message;
  }

  /** Its end-line stands at `endLine`, as a whole. */
  #close(message: ParsedMessage, read: Buffer, endLine: number): ParsedMessage {
    const length = endLineLength(message.transactionIdLength);
    const end = endLine + length;
    message.close(end - message.offset, length, continuationFlag(read[end - BEHIND_ID]!));
    this.end = end;
    return message;
  }
}

/** Whether the headers up to `end` are more than there may be. Those that are known were looked at when they were learnt. */
function isOverLimit(known: KnownHead, read: Buffer, end: number, limits: HeaderLimits): boolean {
  if (known.paths !== null && known.reports !== null) return false;
  return headersOverLimit(read, known.headersAt, end, limits) !== null;
}

function endHead(message: ParsedMessage, known: KnownHead, read: Buffer, end: number): void {
  known.learn(read, end);
  message.source = read;
  message.headLength = end - message.offset;
  message.paths = known.paths;
  message.knownMethod = known.method;
  message.knownReports = known.reports;
  message.typeToken = known.typeToken;
}

function statusAt(read: Buffer, at: number): number {
  return 100 * (read[at]! - DIGIT_0) + 10 * (read[at + 1]! - DIGIT_0) + (read[at + 2]! - DIGIT_0);
}
