/** What of an opensips.cfg says something to msrptap: sockets, modules, their parameters, routes. */
import { Tokens, type Token, type Unended } from './cfg-tokens.js';

export interface CfgSocket {
  /** As written, without blanks: `msrp:127.0.0.1:2855`. */
  readonly address: string;
  /** What follows it: `as 192.0.2.1`, `use_workers 4`, `anycast` and the like. */
  readonly options: readonly string[];
  readonly line: number;
}

export interface CfgParameter {
  readonly module: string;
  readonly name: string;
  /** Text that stood in quotes, or a number as it is written (`10`, `0600`, `0x1f`, `-1`). */
  readonly value: string;
  readonly line: number;
}

export interface CfgRoute {
  readonly name: string;
  /** What stands between its braces. */
  readonly body: string;
  readonly line: number;
}

/** Something that was seen and cannot be followed. */
export interface CfgRemark {
  readonly text: string;
  readonly line: number;
}

export interface Cfg {
  readonly sockets: readonly CfgSocket[];
  readonly parameters: readonly CfgParameter[];
  /** Without folder and `.so`. */
  readonly modules: ReadonlySet<string>;
  readonly routes: ReadonlyMap<string, CfgRoute>;
  readonly remarks: readonly CfgRemark[];
}

/** Options of a socket, and whether a word follows them. */
const SOCKET_OPTIONS: Readonly<Record<string, boolean>> = {
  as: true,
  use_workers: true,
  tos: true,
  tag: true,
  use_auto_scaling_profile: true,
  anycast: false,
  frag: false,
  reuse_port: false,
  accept_subdomain: false,
};
const PROXY_OPTION = /^(?:(?:allow|send)[-_])?proxy(?:[-_]protocol)?$/;

/** Characters; the longest name and a port fit. */
const MAX_ADDRESS = 300;

const NUMBER = /^[+-]?(?:0x[0-9a-f]+|\d+)$/i;
const MODULE = /([^/]+?)(?:\.so)?$/;

export function readCfg(text: string): Cfg {
  return new Reader(text).read();
}

class Reader {
  readonly #text: string;
  readonly #tokens: Tokens;
  readonly #sockets: CfgSocket[] = [];
  readonly #parameters: CfgParameter[] = [];
  readonly #modules = new Set<string>();
  readonly #routes = new Map<string, CfgRoute>();
  readonly #remarks: CfgRemark[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#tokens = new Tokens(text);
  }

  read(): Cfg {
    for (let token = this.#tokens.take(); token !== null; token = this.#tokens.take()) this.#statement(token);
    if (this.#tokens.unended !== null) this.#remarks.push(remarkOf(this.#tokens.unended));
    return {
      sockets: this.#sockets,
      parameters: this.#parameters,
      modules: this.#modules,
      routes: this.#routes,
      remarks: this.#remarks,
    };
  }

  #statement(token: Token): void {
    if (token.kind === 'directive') {
      const [name = ''] = token.text.split(/\s/);
      this.#remark(token, `${name} is a comment to OpenSIPS: what stands behind it was read as it is`);
    }
    if (token.kind !== 'word') return;
    if (token.text === 'socket' || token.text === 'listen') this.#socket(token);
    else if (token.text === 'modparam') this.#parameter(token);
    else if (token.text === 'loadmodule') this.#module();
    else if (token.text === 'include_file' || token.text === 'import_file') this.#include(token);
    else if (token.text === 'route') this.#route(token);
    else if (token.text.endsWith('_route')) this.#block();
  }

  #remark({ line }: Token, text: string): void {
    this.#remarks.push({ line, text });
  }

  #socket({ line }: Token): void {
    if (!this.#tokens.takeMark('=')) return;
    const first = this.#tokens.take();
    if (first === null) return;
    let [address, end] = [first.text, first.end];
    // Brackets of IPv6 are tokens of their own; blanks around colons do no harm.
    while (address.length < MAX_ADDRESS) {
      const { next } = this.#tokens;
      if (next === null || !(next.kind === 'word' || next.text === '[' || next.text === ']')) break;
      if (next.start !== end && !next.text.startsWith(':') && !address.endsWith(':')) break;
      address += next.text;
      end = next.end;
      this.#tokens.take();
    }
    this.#sockets.push({ address, options: this.#socketOptions(), line });
  }

  #socketOptions(): string[] {
    const options: string[] = [];
    for (;;) {
      const { next } = this.#tokens;
      const name = next?.kind === 'word' ? next.text.toLowerCase() : '';
      const hasValue = Object.hasOwn(SOCKET_OPTIONS, name) ? SOCKET_OPTIONS[name] : undefined;
      if (hasValue === undefined && !PROXY_OPTION.test(name)) return options;
      this.#tokens.take();
      const value = hasValue === true ? this.#tokens.take() : null;
      options.push(value === null ? name : `${name} ${value.text}`);
    }
  }

  #parameter(token: Token): void {
    const given = this.#arguments();
    if (given === null) {
      this.#remark(token, 'this modparam cannot be read');
      return;
    }
    const [modules, name, value] = given;
    // OpenSIPS takes an expression for the module; people write names with | between them.
    for (const module of modules.split('|')) {
      this.#parameters.push({ module: module.trim(), name, value, line: token.line });
    }
  }

  #arguments(): [modules: string, name: string, value: string] | null {
    if (!this.#tokens.takeMark('(')) return null;
    const modules = this.#strings();
    if (modules === null || !this.#tokens.takeMark(',')) return null;
    const name = this.#strings();
    if (name === null || !this.#tokens.takeMark(',')) return null;
    const value = this.#strings() ?? this.#number();
    return value !== null && this.#tokens.takeMark(')') ? [modules, name, value] : null;
  }

  /** Strings side by side are one. */
  #strings(): string | null {
    let whole: string | null = null;
    while (this.#tokens.next?.kind === 'string') whole = (whole ?? '') + (this.#tokens.take()?.text ?? '');
    return whole;
  }

  #number(): string | null {
    const { next } = this.#tokens;
    if (next?.kind !== 'word' || !NUMBER.test(next.text)) return null;
    this.#tokens.take();
    return next.text.replace(/^\+/, '');
  }

  #module(): void {
    const name = MODULE.exec(this.#strings() ?? '')?.[1];
    if (name !== undefined) this.#modules.add(name);
  }

  #include(token: Token): void {
    const file = this.#strings();
    if (file !== null)
      this.#remark(token, `${token.text} ${JSON.stringify(file)} was not followed: import that file too`);
  }

  #route({ line }: Token): void {
    const name = this.#block();
    if (name === null) return;
    // OpenSIPS refuses a second one of the same name.
    if (!this.#routes.has(name.name)) this.#routes.set(name.name, { ...name, line });
  }

  /** `[NAME] { BODY }`; null when that is not what stands here. */
  #block(): { readonly name: string; readonly body: string } | null {
    let name = '';
    if (this.#tokens.takeMark('[')) {
      name = this.#tokens.take()?.text ?? '';
      while (this.#tokens.next !== null && !this.#tokens.takeMark(']')) this.#tokens.take();
    }
    const start = this.#tokens.next?.end;
    if (start === undefined || !this.#tokens.takeMark('{')) return null;
    let [depth, end] = [1, this.#text.length];
    while (depth > 0) {
      const token = this.#tokens.take();
      if (token === null) break;
      if (token.kind !== 'mark') continue;
      if (token.text === '{') depth += 1;
      else if (token.text === '}') depth -= 1;
      end = token.start;
    }
    return { name, body: this.#text.slice(start, depth > 0 ? this.#text.length : end) };
  }
}

function remarkOf({ what, line }: Unended): CfgRemark {
  return { line, text: `this ${what} does not end: nothing behind it was read` };
}
