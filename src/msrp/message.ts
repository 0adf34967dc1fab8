import { failureReportOf, type FailureReport } from './failure-report.js';
import { COLON, CR, LF, PROTOCOL, type ContinuationFlag } from './grammar.js';
import { isHeaderAt } from './header-name.js';
import { valueBehind } from './header-value.js';
import { methodIn } from './method.js';
import type { PathsToken, TypeToken } from './repeated-paths.js';
import type { Reports } from './reports.js';
import { successReportOf } from './success-report.js';

const NOTHING = Buffer.alloc(0);
const STATUS_AND_SPACE = 4;
const CRLF_LENGTH = 2;

/**
 * A request or response, as much of it as was read. It holds no octet of its body, and decodes its start-line and
 * headers when it is asked.
 *
 * It reads them from the buffer that the parser was given: a complete message can be asked until the parser is told to
 * settle, and who needs something of it later takes it before. The message that is still open then goes on to be good.
 */
export class ParsedMessage {
  /** Known with the start-line; until then 'request'. */
  kind: 'request' | 'response' = 'request';
  /** The status code of a response, 0 to 999; 0 for a request. */
  status: number = 0;
  /** Octets from the `M` of the start-line to the end of the header section; 0 until `headComplete`. */
  headLength: number = 0;
  /** Octets of the end-line, with its trailing CRLF, and with the CRLF before it if it has its own; 0 until complete. */
  endLineLength: number = 0;
  /** Octets of its transaction-id, which stands behind `MSRP `. */
  transactionIdLength: number = 0;
  /** Octets of this message seen so far, this read included. */
  length: number = 0;
  /** null until complete. */
  flag: ContinuationFlag | null = null;
  /** Messages that have the same one have the same To-Path and From-Path; null: nothing is known of them. */
  paths: PathsToken | null = null;
  /** Messages that have the same one have the same Content-Type; null: nothing is known of it. */
  typeToken: TypeToken | null = null;

  /** Of a request, where it was known from the message before; null: it is to be read. */
  knownMethod: string | null = null;
  /** Its Failure-Report and Success-Report, where they were known from the message before; null: they are to be read. */
  knownReports: Reports | null = null;

  /** What the head is read from: `headLength` octets from `offset`. */
  source: Buffer = NOTHING;
  offset: number;
  startLineLength: number = 0;

  constructor(offset: number) {
    this.offset = offset;
  }

  get headComplete(): boolean {
    return this.headLength > 0;
  }

  get complete(): boolean {
    return this.flag !== null;
  }

  /** Exact once complete; before, the octets after the head that arrived so far. */
  get bodyLength(): number {
    return this.headComplete ? this.length - this.headLength - this.endLineLength : 0;
  }

  /**
   * The octets from the `M` of the start-line to the end of the header section, the blank line's CRLF included when
   * there is one; empty until `headComplete`.
   */
  get head(): Buffer {
    return this.source.subarray(this.offset, this.offset + this.headLength);
  }

  /** Whether the head ends with these octets. */
  headEndsWith(octets: Uint8Array): boolean {
    let at = this.offset + this.headLength;
    if (octets.length > this.headLength) return false;
    // From behind, where header sections that end alike begin to differ.
    for (let i = octets.length - 1; i >= 0; i--) if (this.source[--at] !== octets[i]) return false;
    return true;
  }

  /** '' until `headComplete`. */
  get transactionId(): string {
    const start = this.offset + PROTOCOL.length;
    return this.source.toString('latin1', start, start + this.transactionIdLength);
  }

  /** '' for a response, and until `headComplete`. */
  get method(): string {
    if (this.kind === 'response') return '';
    return this.knownMethod ?? methodIn(this.source, codeAt(this), startLineEnd(this));
  }

  /** What follows the status code of a response, '' when nothing does, and for a request. */
  get comment(): string {
    if (this.kind === 'request') return '';
    return this.source.toString('utf8', codeAt(this) + STATUS_AND_SPACE, startLineEnd(this));
  }

  /** The URIs of the To-Path as they are written; none when the header is missing, and until `headComplete`. */
  get toPath(): readonly string[] {
    return urisOf(this.header('To-Path'));
  }

  /** The URIs of the From-Path as they are written; none when the header is missing, and until `headComplete`. */
  get fromPath(): readonly string[] {
    return urisOf(this.header('From-Path'));
  }

  /** The Content-Type as it is written, with its parameters. */
  get contentType(): string | undefined {
    return this.header('Content-Type');
  }

  /** Of a request whose headers are complete. */
  get failureReport(): FailureReport {
    return this.knownReports?.failure ?? failureReportOf(this.header('Failure-Report'));
  }

  /** Whether the sender of a request, whose headers are complete, wants to hear of its arrival. */
  get successReport(): boolean {
    return this.knownReports?.success ?? successReportOf(this.header('Success-Report'));
  }

  /** The value of the first header of this name, without the spaces around it; case of the name does not matter. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase();
    for (let line = firstHeader(this); line !== -1; line = nextHeader(this, line)) {
      if (isHeaderAt(this.source, line, wanted)) return valueBehind(this.source, line + wanted.length);
    }
    return undefined;
  }

  /** All headers in their order: name as it is written, value without the spaces around it. */
  headers(): [name: string, value: string][] {
    const all: [string, string][] = [];
    for (let line = firstHeader(this); line !== -1; line = nextHeader(this, line)) {
      const colon = this.source.indexOf(COLON, line);
      all.push([this.source.toString('latin1', line, colon), valueBehind(this.source, colon)]);
    }
    return all;
  }

  /**
   * It ends here: `length` octets, of which the last ones are an end-line of `endLineLength` octets with the CRLF before it.
   */
  close(length: number, endLineLength: number, flag: ContinuationFlag | null): void {
    this.length = length;
    // Without a body of its own, the CRLF before the end-line is the one that ends the last header or the blank line.
    this.endLineLength = Math.min(endLineLength, length - this.headLength);
    this.flag = flag;
  }

  /** Makes the message independent of the buffer that its head was read in. */
  copyHead(): void {
    this.source = Buffer.from(this.head);
    this.offset = 0;
  }
}

/** A message as those see it who look on: the parser alone writes to it. */
export type Message = Readonly<
  Omit<ParsedMessage, 'source' | 'offset' | 'startLineLength' | 'knownMethod' | 'knownReports' | 'close' | 'copyHead'>
>;

// Functions, for private methods would make the making of every message twice as dear.

function codeAt({ offset, transactionIdLength }: ParsedMessage): number {
  return offset + PROTOCOL.length + transactionIdLength + 1;
}

function startLineEnd({ offset, startLineLength }: ParsedMessage): number {
  return offset + startLineLength - CRLF_LENGTH;
}

function firstHeader(message: ParsedMessage): number {
  return message.headComplete ? headerAt(message, message.offset + message.startLineLength) : -1;
}

function nextHeader(message: ParsedMessage, line: number): number {
  return headerAt(message, message.source.indexOf(LF, line) + 1);
}

/** `line`, if a header stands there; -1 for the blank line and behind the head. */
function headerAt({ source, offset, headLength }: ParsedMessage, line: number): number {
  return line < offset + headLength && source[line] !== CR ? line : -1;
}

function urisOf(path: string | undefined): readonly string[] {
  return path === undefined || path === '' ? [] : path.split(/[ \t]+/);
}
