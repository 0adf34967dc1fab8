/**
 * Takes requests out of what is written to the MI FIFO, whatever the pieces in which it is read: `:reply:{json}`, with or
 * without a line end behind, and `:command:reply` with a line for each argument and an empty one.
 */
import { MAX_REQUEST } from './mi.js';

export type FifoRequest =
  | { readonly form: 'json'; readonly reply: string; readonly body: Buffer }
  /** `complete`: an empty line ended it. */
  | {
      readonly form: 'text';
      readonly reply: string;
      readonly method: string;
      readonly lines: readonly string[];
      readonly complete: boolean;
    }
  /** Over MAX_REQUEST octets; what else comes of it is skipped. */
  | { readonly form: 'json' | 'text'; readonly reply: string; readonly tooLong: true }
  /** No request; skipped up to the end of the line. */
  | { readonly form: 'garbage' };

/**
 * between: a request may begin; garbage: up to the line end; head: behind the first colon, and the form is not known or is
 * text; json: in its object; lines: arguments of a text request; colon: a line of them began with a colon.
 */
type State = 'between' | 'garbage' | 'head' | 'json' | 'lines' | 'colon';

const COLON = 0x3a;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Only a reply FIFO's name begins otherwise. */
const OPENS_JSON = new Set(Buffer.from('{["'));
const OPENS = new Set(Buffer.from('{['));
const CLOSES = new Set(Buffer.from('}]'));
const BLANKS = new Set(Buffer.from(' \t\r\n'));

export class FifoRequests {
  readonly #onRequest: (request: FifoRequest) => void;
  /** The request at hand, from its first colon on. */
  readonly #octets = Buffer.allocUnsafe(MAX_REQUEST);
  #length = 0;
  #state: State = 'between';
  /** Of the second colon; -1: not read yet. */
  #separator = -1;
  /** Of the JSON; of the line at hand. */
  #start = 0;
  #isText = false;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(onRequest: (request: FifoRequest) => void) {
    this.#onRequest = onRequest;
  }

  /** Whether a request has begun that is not complete. */
  get isOpen(): boolean {
    return this.#state !== 'between';
  }

  read(octets: Uint8Array): void {
    for (const octet of octets) this.#octet(octet);
  }

  /** Nothing more comes of what is open: its writer has gone, or takes too long. */
  end(): void {
    switch (this.#state) {
      case 'head':
        if (this.#separator === -1) this.#garbage();
        else this.#endText(false);
        break;
      case 'json':
        this.#endJson();
        break;
      case 'lines':
      case 'colon':
        this.#endText(false);
    }
    this.#state = 'between';
  }

  #octet(octet: number): void {
    switch (this.#state) {
      case 'between':
        if (octet === COLON) this.#begin();
        else if (!BLANKS.has(octet)) this.#garbage();
        return;
      case 'garbage':
        if (octet === NEWLINE) this.#state = 'between';
        return;
      case 'head':
        return this.#head(octet);
      case 'json':
        return this.#json(octet);
      case 'lines':
        return this.#line(octet);
      case 'colon':
        return this.#colon(octet);
    }
  }

  #begin(): void {
    this.#state = 'head';
    this.#length = 0;
    this.#separator = -1;
    this.#isText = false;
    this.#keep(COLON);
  }

  #garbage(): void {
    this.#state = 'garbage';
    this.#onRequest({ form: 'garbage' });
  }

  #head(octet: number): void {
    if (octet === NEWLINE) return this.#endHead();
    if (octet === COLON && this.#separator === -1) this.#separator = this.#length;
    else if (this.#separator !== -1 && !this.#isText && !BLANKS.has(octet)) {
      if (OPENS_JSON.has(octet)) return this.#beginJson(octet);
      this.#isText = true;
    }
    this.#keep(octet);
  }

  #endHead(): void {
    if (this.#separator === -1) {
      this.#state = 'between';
      this.#onRequest({ form: 'garbage' });
      return;
    }
    this.#state = 'lines';
    this.#keep(NEWLINE);
    this.#start = this.#length;
  }

  #beginJson(octet: number): void {
    this.#state = 'json';
    this.#start = this.#length;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    this.#json(octet);
  }

  #json(octet: number): void {
    // JSON has no line end in a string [RFC 8259 §7], and no colon ahead of everything else on a line that anybody would
    // write: the writer of this request has gone, and what follows is another.
    if (octet === NEWLINE && this.#inString) {
      this.#endJson();
      return;
    }
    if (octet === COLON && !this.#inString && this.#octets[this.#length - 1] === NEWLINE) {
      this.#endJson();
      this.#begin();
      return;
    }
    if (!this.#keep(octet)) return;
    if (this.#escaped) this.#escaped = false;
    else if (octet === BACKSLASH) this.#escaped = this.#inString;
    else if (octet === QUOTE) this.#inString = !this.#inString;
    else if (!this.#inString && OPENS.has(octet)) this.#depth += 1;
    else if (!this.#inString && CLOSES.has(octet)) this.#depth -= 1;
    if (!this.#inString && this.#depth <= 0) this.#endJson();
  }

  #endJson(): void {
    this.#state = 'between';
    const body = Buffer.from(this.#octets.subarray(this.#start, this.#length));
    this.#onRequest({ form: 'json', reply: this.#name(1, this.#separator), body });
  }

  #line(octet: number): void {
    const isFirst = this.#length === this.#start;
    if (isFirst && octet === COLON) this.#state = 'colon';
    else if (octet === NEWLINE && this.#name(this.#start, this.#length).trim() === '') this.#endText(true);
    else if (this.#keep(octet) && octet === NEWLINE) this.#start = this.#length;
  }

  /** `:: value` is an argument; with one colon alone another request begins, and the writer of this one has gone. */
  #colon(octet: number): void {
    if (octet === COLON) {
      this.#state = 'lines';
      if (this.#keep(COLON)) this.#keep(COLON);
      return;
    }
    this.#endText(false);
    this.#begin();
    this.#octet(octet);
  }

  #endText(complete: boolean): void {
    this.#state = 'between';
    const [head = '', ...lines] = this.#name(0, complete ? this.#start : this.#length)
      .trimEnd()
      .split('\n');
    const at = head.lastIndexOf(':');
    const [method, reply] = [head.slice(1, at).trim(), head.slice(at + 1).trim()];
    this.#onRequest({ form: 'text', reply, method, lines, complete });
  }

  #name(start: number, end: number): string {
    return this.#octets.toString('utf8', start, end);
  }

  /** @returns false when the request is too long */
  #keep(octet: number): boolean {
    if (this.#length < MAX_REQUEST) {
      this.#octets[this.#length] = octet;
      this.#length += 1;
      return true;
    }
    const form = this.#state === 'json' ? 'json' : 'text';
    const [line = ''] = this.#name(0, MAX_REQUEST).split('\n', 1);
    const reply = form === 'json' ? this.#name(1, this.#separator) : line.slice(line.lastIndexOf(':') + 1).trim();
    this.#state = octet === NEWLINE ? 'between' : 'garbage';
    this.#onRequest({ form, reply, tooLong: true });
    return false;
  }
}
