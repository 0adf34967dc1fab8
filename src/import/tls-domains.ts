/** The TLS domains of tls_mgm: `server_domain` and `client_domain` name them, `[NAME]VALUE` sets what they have. */
import { keysAt, type JsonSchema } from '../config/json-schema.js';
import { DOMAIN_NAME } from '../config/tls-schema.js';
import type { CfgParameter } from './cfg-statements.js';
import { textEntry, type Entry } from './entries.js';
import type { Notes } from './notes.js';
import { MAX_VALUE, nameOf, valueEntry } from './values.js';

const SIDES = ['server_domain', 'client_domain'] as const;
type Side = (typeof SIDES)[number];

interface Domain {
  readonly side: Side;
  readonly name: string;
  readonly values: Map<string, Entry>;
}

/** More are kept in a database. */
const MAX_DOMAINS = 128;

/** OpenSIPS up to 2.x has these for whatever no other domain is for. */
const DEFAULT = 'default';

const BRACKETED = /^\s*\[([^\]]+)\]([^]*)$/;
/** OpenSIPS up to 2.x: `NAME:VALUE`, and `NAME=ADDRESS` where a domain is named. */
const PREFIXED = /^([\w.-]+):([^]*)$/;
const NAMED_WITH_ADDRESS = /^([^=]+)=(.+)$/;

export function tlsDomains(parameters: readonly CfgParameter[], schema: JsonSchema, notes: Notes): Entry[] {
  const domains = new Domains(schema, notes);
  const given = parameters.filter(({ module }) => module === 'tls_mgm');
  for (const parameter of given) {
    const side = sideOf(parameter);
    if (side !== undefined) domains.declare(side, parameter);
  }
  for (const parameter of given) if (sideOf(parameter) === undefined) domains.set(parameter);
  return SIDES.flatMap((side) => domains.entries(side));
}

/** Of the parameter that names a domain. */
function sideOf({ name }: CfgParameter): Side | undefined {
  return SIDES.find((side) => side === name);
}

class Domains {
  readonly #schema: JsonSchema;
  readonly #notes: Notes;
  readonly #domains: Domain[] = [];

  constructor(schema: JsonSchema, notes: Notes) {
    this.#schema = schema;
    this.#notes = notes;
  }

  declare(side: Side, { value, line }: CfgParameter): void {
    const [, name = value, address] = NAMED_WITH_ADDRESS.exec(value) ?? [];
    if (this.#domains.length >= MAX_DOMAINS) {
      this.#notes.add(line, `more than ${MAX_DOMAINS} TLS domains: this one is left out`);
      return;
    }
    const domain = this.#add(side, name.trim());
    if (address !== undefined && address.length <= MAX_VALUE) this.#put(domain, 'match_ip_address', address.trim());
  }

  set(parameter: CfgParameter): void {
    const { name: key, line } = parameter;
    if (parameter.value.length > MAX_VALUE) {
      this.#notes.add(line, `the value of ${nameOf(parameter)} is too long`);
      return;
    }
    if (!this.#isKey('server_domain', key)) {
      this.#notes.add(line, `${nameOf(parameter)} has no counterpart`);
      return;
    }
    const { domains, value } = this.#target(parameter);
    if (domains.length === 0) this.#notes.add(line, `${nameOf(parameter)} is for a domain that is not defined`);
    for (const domain of domains) {
      if (key === 'match_sip_domain' && value === 'none') this.#nobody(domain, line);
      else if (this.#isKey(domain.side, key)) this.#put(domain, key, value);
      else this.#notes.add(line, `${nameOf(parameter)} says nothing for a ${domain.side}`);
    }
  }

  /** The most specific first: of those that match, msrptap uses the first. */
  entries(side: Side): Entry[] {
    const domains = this.#domains.filter((domain) => domain.side === side).toSorted((a, b) => breadth(a) - breadth(b));
    if (domains.length === 0) return [];
    const taken = new Set<string>();
    const content = domains.map(({ name, values }): Entry => {
      const key = usableName(name, taken);
      const notes = key === name ? [] : [`called ${JSON.stringify(name)} in opensips.cfg`];
      const own = [...values.values()];
      return { key, content: own.length > 0 ? own : [textEntry('match_ip_address', '*')], notes };
    });
    return [{ key: side, content }];
  }

  #isKey(side: Side, key: string): boolean {
    return keysAt(this.#schema, ['tls_mgm', side, DEFAULT]).includes(key);
  }

  #put(domain: Domain, key: string, value: string): void {
    const path = ['tls_mgm', domain.side, domain.name, key];
    domain.values.set(key, valueEntry(this.#schema, path, value));
  }

  #nobody(domain: Domain, line: number): void {
    domain.values.set('match_sip_domain', textEntry('match_sip_domain', '*'));
    this.#notes.add(
      line,
      `match_sip_domain none (clients that name no server) became "*" for the domain ${domain.name}`,
    );
  }

  #target({ value }: CfgParameter): { readonly domains: readonly Domain[]; readonly value: string } {
    const bracketed = BRACKETED.exec(value);
    if (bracketed !== null) return { domains: this.#named(bracketed[1] ?? ''), value: (bracketed[2] ?? '').trim() };
    const prefixed = PREFIXED.exec(value);
    const named = this.#named(prefixed?.[1] ?? '');
    if (named.length > 0) return { domains: named, value: prefixed?.[2] ?? '' };
    return { domains: [this.#default('server_domain'), this.#default('client_domain')], value };
  }

  /** A server domain is found before a client domain of the same name, as OpenSIPS does. */
  #named(name: string): Domain[] {
    const found = this.#domains.filter((domain) => domain.name === name.trim());
    return [found.find(({ side }) => side === 'server_domain') ?? found[0]].filter((domain) => domain !== undefined);
  }

  #default(side: Side): Domain {
    const known = this.#domains.find((domain) => domain.side === side && domain.name === DEFAULT);
    return known ?? this.#add(side, DEFAULT);
  }

  #add(side: Side, name: string): Domain {
    const known = this.#domains.find((domain) => domain.side === side && domain.name === name);
    if (known !== undefined) return known;
    const domain: Domain = { side, name, values: new Map() };
    this.#domains.push(domain);
    return domain;
  }
}

/** How much a domain matches. */
function breadth({ name, values }: Domain): number {
  const isOpen = (key: string): boolean => ['*', undefined].includes(bare(values.get(key)));
  if (name === DEFAULT) return 3;
  return Number(isOpen('match_ip_address')) + Number(isOpen('match_sip_domain'));
}

function bare(entry: Entry | undefined): string | undefined {
  return typeof entry?.content === 'string' ? entry.content.replaceAll(/['"]/g, '') : undefined;
}

/** Letters, digits, _, . and -, no digit first. */
function usableName(name: string, taken: Set<string>): string {
  const written = name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 56);
  const clean = DOMAIN_NAME.test(written) ? written : `_${written}`;
  let usable = clean;
  for (let count = 2; taken.has(usable); count += 1) usable = `${clean}_${count}`;
  taken.add(usable);
  return usable;
}
