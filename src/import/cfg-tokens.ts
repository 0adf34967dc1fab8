/** The words of an opensips.cfg, as its lexer reads them. */

export interface Token {
  /** A `string` has its escapes resolved; a `directive` is a line such as `#!ifdef`, which is a comment to OpenSIPS. */
  readonly kind: 'word' | 'string' | 'mark' | 'directive';
  readonly text: string;
  /** Where it stands: `text.slice(start, end)` of the whole. */
  readonly start: number;
  readonly end: number;
  /** Counted from 1. */
  readonly line: number;
}

/** A string or a comment that does not end: nothing after it can be read. */
export interface Unended {
  readonly what: 'string' | 'comment';
  readonly line: number;
}

const BLANK = /\s/;
const MARKS = new Set('(){}[],;=');
/** What a word goes on with, a variable and a slash that begins no comment apart. */
const WORD = /[^\s"'(){}[\],;=#$/]{1,1000}/y;
const DIRECTIVE = /#!(?:define|redefine|undef|ifdef|ifndef|ifexp|else|endif|subst\w*|trydef\w*)\b/y;
const VARIABLE_NAME = /\$\w*/y;
/** Characters of a variable with its parentheses; a bound, as every `$(` that does not end is looked at anew. */
const MAX_VARIABLE = 1_024;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', a: '\x07', t: '\t', '"': '"', '\\': '\\' };
const CODE_ESCAPE = /x(?<hex>[0-9a-fA-F]{1,2})|(?<octal>[0-7]{2,3})/y;

export class Tokens {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #next: Token | null;
  #unended: Unended | null = null;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  /** null: no more. */
  get next(): Token | null {
    return this.#next;
  }

  /** What kept the rest from being read. */
  get unended(): Unended | null {
    return this.#unended;
  }

  take(): Token | null {
    const token = this.#next;
    if (token !== null) this.#next = this.#read();
    return token;
  }

  /** Takes the next token if it is this mark. */
  takeMark(mark: string): boolean {
    const isThere = this.#next?.kind === 'mark' && this.#next.text === mark;
    if (isThere) this.take();
    return isThere;
  }

  #read(): Token | null {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || this.#unended !== null) return null;
      if (BLANK.test(char)) this.#skip(1);
      else if (char === '#') {
        const directive = this.#directive();
        if (directive !== null) return directive;
      } else if (this.#text.startsWith('//', this.#at)) this.#skip(this.#toLineEnd());
      else if (this.#text.startsWith('/*', this.#at)) this.#comment();
      else if (char === '"' || char === "'") return this.#string(char);
      else if (MARKS.has(char)) return this.#token('mark', 1);
      else return this.#token('word', this.#wordLength());
    }
  }

  #token(kind: Token['kind'], length: number): Token {
    const [start, line] = [this.#at, this.#line];
    this.#skip(length);
    return { kind, text: this.#text.slice(start, this.#at), start, end: this.#at, line };
  }

  #skip(length: number): void {
    const end = this.#at + length;
    for (; this.#at < end; this.#at += 1) if (this.#text[this.#at] === '\n') this.#line += 1;
  }

  #toLineEnd(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return (end === -1 ? this.#text.length : end) - this.#at;
  }

  #directive(): Token | null {
    const length = this.#toLineEnd();
    DIRECTIVE.lastIndex = this.#at;
    if (DIRECTIVE.test(this.#text)) return this.#token('directive', length);
    this.#skip(length);
    return null;
  }

  /** They nest. */
  #comment(): void {
    const line = this.#line;
    let depth = 0;
    do {
      if (this.#at >= this.#text.length) {
        this.#unended = { what: 'comment', line };
        return;
      }
      if (this.#text.startsWith('/*', this.#at)) {
        depth += 1;
        this.#skip(2);
      } else if (this.#text.startsWith('*/', this.#at)) {
        depth -= 1;
        this.#skip(2);
      } else this.#skip(1);
    } while (depth > 0);
  }

  /** Single quotes know no escapes; both may span lines. */
  #string(quote: string): Token | null {
    const [start, line] = [this.#at, this.#line];
    const parts: string[] = [];
    this.#skip(1);
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#unended = { what: 'string', line };
        return null;
      }
      if (char === quote) break;
      if (char === '\\' && quote === '"') parts.push(this.#escape());
      else {
        parts.push(char);
        this.#skip(1);
      }
    }
    this.#skip(1);
    return { kind: 'string', text: parts.join(''), start, end: this.#at, line };
  }

  #escape(): string {
    this.#skip(1);
    const char = this.#text[this.#at] ?? '';
    CODE_ESCAPE.lastIndex = this.#at;
    const code = CODE_ESCAPE.exec(this.#text);
    if (code !== null) {
      this.#skip(code[0].length);
      const { hex, octal = '0' } = code.groups ?? {};
      return String.fromCharCode(hex === undefined ? Number.parseInt(octal, 8) % 256 : Number.parseInt(hex, 16));
    }
    this.#skip(1);
    // A line end behind a backslash is none; any other backslash is what it is.
    return char === '\n' ? '' : (ESCAPES[char] ?? `\\${char}`);
  }

  #wordLength(): number {
    let end = this.#at;
    for (;;) {
      WORD.lastIndex = end;
      if (WORD.test(this.#text)) end = WORD.lastIndex;
      const char = this.#text[end];
      if (char === '$') end = this.#variableEnd(end);
      else if (char === '/' && !this.#text.startsWith('/*', end)) end += 1;
      else return end - this.#at;
    }
  }

  /** `$(ru{s.select,1,#})` is one word, whatever stands in its parentheses. */
  #variableEnd(start: number): number {
    VARIABLE_NAME.lastIndex = start;
    const name = VARIABLE_NAME.exec(this.#text)?.[0] ?? '$';
    let end = start + name.length;
    if (this.#text[end] !== '(') return end;
    const limit = Math.min(this.#text.length, start + MAX_VARIABLE);
    let depth = 0;
    for (; end < limit && this.#text[end] !== '\n'; end += 1) {
      if (this.#text[end] === '(') depth += 1;
      else if (this.#text[end] === ')' && --depth === 0) return end + 1;
    }
    // It does not end on its line: only its name counts.
    return start + name.length;
  }
}
