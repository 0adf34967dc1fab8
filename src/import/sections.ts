/** The sections that are called as the modules of OpenSIPS are, their keys as the parameters. */
import { timeoutRisks } from '../check/timeouts.js';
import { keysAt, type JsonSchema } from '../config/json-schema.js';
import type { Cfg, CfgParameter } from './cfg-statements.js';
import { textEntry, type Entry } from './entries.js';
import type { Notes } from './notes.js';
import { MAX_VALUE, nameOf, valueEntry } from './values.js';

/** In the order of the documentation. tls_mgm has a file of its own. */
const SECTIONS = ['proto_msrp', 'proto_hep', 'httpd', 'mi_http', 'mi_fifo', 'mi_datagram', 'prometheus'] as const;

/** Other names of parameters, of older releases and in the text of the document. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'proto_msrp.max_msrp_chunks': 'max_msg_chunks',
  'mi_http.mi_http_root': 'root',
};

/** Destinations; a cfg has one or two. */
const MAX_HEP_IDS = 64;

export interface Section {
  readonly name: string;
  readonly entries: readonly Entry[];
}

export function sections({ parameters, modules }: Cfg, schema: JsonSchema, notes: Notes): Section[] {
  return SECTIONS.map((name) => {
    const given = parameters.filter(({ module }) => module === name);
    const values = carried(name, given, schema, notes);
    if (name === 'httpd' && !values.has('ip') && (modules.has('httpd') || given.length > 0)) {
      values.set('ip', textEntry('ip', '127.0.0.1', ['not set in opensips.cfg: OpenSIPS listens on every address']));
    }
    const entries = [...values.values()];
    if (name === 'proto_msrp') return { name, entries: withTimeouts(values) };
    if (name === 'proto_hep') return { name, entries: [...hepIds(given, notes), ...withHomer5(values, given)] };
    return { name, entries };
  });
}

/** Of a parameter that is set twice, the last counts. */
function carried(
  section: string,
  given: readonly CfgParameter[],
  schema: JsonSchema,
  notes: Notes,
): Map<string, Entry> {
  const known = new Set(keysAt(schema, [section]));
  const values = new Map<string, Entry>();
  for (const parameter of given) {
    const key = OTHER_NAMES[`${section}.${parameter.name}`] ?? parameter.name;
    if (key === 'hep_id') continue;
    if (!known.has(key)) notes.add(parameter.line, `${nameOf(parameter)} has no counterpart`);
    else if (parameter.value.length > MAX_VALUE)
      notes.add(parameter.line, `the value of ${nameOf(parameter)} is too long`);
    else values.set(key, valueEntry(schema, [section, key], parameter.value));
  }
  return values;
}

/** The three limits that the document sets too low for real networks are written out, with what check says of them. */
function withTimeouts(values: ReadonlyMap<string, Entry>): Entry[] {
  const figure = (key: string, ofDocument: number): number => {
    const content = values.get(key)?.content;
    return typeof content === 'string' && Number.isFinite(Number(content)) ? Number(content) : ofDocument;
  };
  const limits = {
    send_timeout: figure('send_timeout', 100),
    max_msg_chunks: figure('max_msg_chunks', 4),
    tls_handshake_timeout: figure('tls_handshake_timeout', 100),
  };
  const risks = timeoutRisks({ proto_msrp: limits });
  const entries = Object.entries(limits).map(([key, value]): Entry => {
    const notes = risks.filter((risk) => risk.startsWith(`proto_msrp.${key}:`));
    const given = values.get(key);
    if (given !== undefined) return { ...given, notes };
    return { key, content: String(value), notes: ["not set in opensips.cfg: the document's default", ...notes] };
  });
  return [...entries, ...[...values].filter(([key]) => !(key in limits)).map(([, entry]) => entry)];
}

function hepIds(given: readonly CfgParameter[], notes: Notes): Entry[] {
  const ids = given.filter(({ name, value }) => name === 'hep_id' && value.length <= MAX_VALUE);
  for (const id of ids.slice(MAX_HEP_IDS)) notes.add(id.line, `more than ${MAX_HEP_IDS} hep_ids: this one is left out`);
  const items = ids.slice(0, MAX_HEP_IDS).map(({ value }) => textEntry(null, value));
  return items.length === 0 ? [] : [{ key: 'hep_id', content: items }];
}

/** OpenSIPS' default is text, msrptap's JSON. */
function withHomer5(values: ReadonlyMap<string, Entry>, given: readonly CfgParameter[]): Entry[] {
  if (values.has('homer5_on') || given.length === 0) return [...values.values()];
  const notes = ["not set in opensips.cfg: OpenSIPS' default is text; 0 is JSON, as Homer 7 and later show it"];
  return [...values.values(), { key: 'homer5_on', content: '1', notes }];
}
