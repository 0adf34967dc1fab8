import { COLON, CR, HTAB, LF, PROTOCOL, SP, type ContinuationFlag } from './grammar.js';
import { isHeaderAt } from './header-name.js';
import type { PathsToken } from './repeated-paths.js';

const NOTHING = Buffer.alloc(0);
const STATUS_AND_SPACE = 4;
const CRLF_LENGTH = 2;
const SEND = Buffer.from('SEND', 'latin1');

/**
 * A request or response, as much of it as was read. It holds no octet of its body, and decodes its start-line and
 * headers when it is asked.
 *
 * It reads them from the buffer that the parser was given: a complete message can be asked until the parser is told to
 * settle, and who needs something of it later takes it before. The message that is still open then goes on to be good.
 */
export class Message {
  /** Known with the start-line; until then 'request'. */
  readonly kind: 'request' | 'response' = 'request';
  /** The status code of a response, 0 to 999; 0 for a request. */
  readonly status: number = 0;
  /** Octets from the `M` of the start-line to the end of the header section; 0 until `headComplete`. */
  readonly headLength: number = 0;
  /** Octets of the end-line, with its trailing CRLF, and with the CRLF before it if it has its own; 0 until complete. */
  readonly endLineLength: number = 0;
  /** Octets of this message seen so far, this read included. */
  readonly length: number = 0;
  /** null until complete. */
  readonly flag: ContinuationFlag | null = null;
  /** Messages that have the same one have the same To-Path and From-Path; null: nothing is known of them. */
  readonly paths: PathsToken | null = null;

  /** What the head is read from: `headLength` octets from `offset`. */
  protected readonly source: Buffer = NOTHING;
  protected readonly offset: number = 0;
  protected readonly transactionIdLength: number = 0;
  protected readonly startLineLength: number = 0;

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
    if (this.#isSend()) return 'SEND';
    return this.source.toString('latin1', this.#codeAt(), this.#startLineEnd());
  }

  /** What follows the status code of a response, '' when nothing does, and for a request. */
  get comment(): string {
    if (this.kind === 'request') return '';
    return this.source.toString('utf8', this.#codeAt() + STATUS_AND_SPACE, this.#startLineEnd());
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

  /** The value of the first header of this name, without the spaces around it; case of the name does not matter. */
  header(name: string): string | undefined {
    const wanted = name.toLowerCase();
    for (let line = this.#firstHeader(); line !== -1; line = this.#nextHeader(line)) {
      if (isHeaderAt(this.source, line, wanted)) return this.#valueBehind(line + wanted.length);
    }
    return undefined;
  }

  /** All headers in their order: name as it is written, value without the spaces around it. */
  headers(): [name: string, value: string][] {
    const all: [string, string][] = [];
    for (let line = this.#firstHeader(); line !== -1; line = this.#nextHeader(line)) {
      const colon = this.source.indexOf(COLON, line);
      all.push([this.source.toString('latin1', line, colon), this.#valueBehind(colon)]);
    }
    return all;
  }

  /** Most requests are: they get by without a string of their own. */
  #isSend(): boolean {
    const at = this.#codeAt();
    if (this.#startLineEnd() !== at + SEND.length) return false;
    for (let i = 0; i < SEND.length; i++) if (this.source[at + i] !== SEND[i]) return false;
    return true;
  }

  #codeAt(): number {
    return this.offset + PROTOCOL.length + this.transactionIdLength + 1;
  }

  #startLineEnd(): number {
    return this.offset + this.startLineLength - CRLF_LENGTH;
  }

  #firstHeader(): number {
    return this.headComplete ? this.#headerAt(this.offset + this.startLineLength) : -1;
  }

  #nextHeader(line: number): number {
    return this.#headerAt(this.source.indexOf(LF, line) + 1);
  }

  /** `line`, if a header stands there; -1 for the blank line and behind the head. */
  #headerAt(line: number): number {
    return line < this.offset + this.headLength && this.source[line] !== CR ? line : -1;
  }

  #valueBehind(colon: number): string {
    let start = colon + 1;
    let end = this.source.indexOf(CR, start);
    while (start < end && isBlank(this.source[start]!)) start++;
    while (end > start && isBlank(this.source[end - 1]!)) end--;
    return this.source.toString('utf8', start, end);
  }
}

/** A message as the parser sees it, which alone writes to it. */
export class ParsedMessage extends Message {
  declare kind: Message['kind'];
  declare status: number;
  declare headLength: number;
  declare endLineLength: number;
  declare length: number;
  declare flag: ContinuationFlag | null;
  declare paths: PathsToken | null;
  declare source: Buffer;
  declare offset: number;
  declare transactionIdLength: number;
  declare startLineLength: number;

  /** Makes the message independent of the buffer that its head was read in. */
  copyHead(): void {
    this.source = Buffer.from(this.head);
    this.offset = 0;
  }
}

function urisOf(path: string | undefined): readonly string[] {
  return path === undefined || path === '' ? [] : path.split(/[ \t]+/);
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}
