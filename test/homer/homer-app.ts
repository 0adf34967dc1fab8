/** What homer-app does when a call is opened (data/service/search.go, GetTransaction): it follows the mappings of the call's profile. */
import { createContext, runInContext } from 'node:vm';
import { expect } from 'vitest';
import { DATA } from './heplify-server.js';
import type { Homer, StoredRow } from './homer.js';

/** Where homer-app keeps its settings. */
export const CONFIGURATION = 'homer_config';

export interface Mapping {
  readonly source_field: string;
  readonly lookup_id: number;
  readonly lookup_profile: string;
  readonly lookup_field: string;
  /** Seconds, added to the beginning and the end of the time that was searched. */
  readonly lookup_range: readonly [number, number];
  readonly input_function_js?: string;
}

/** What homer-app itself has for calls, in short: MSRP under the Call-ID, and the other legs of a call. */
export const STOCK: readonly Mapping[] = [
  {
    source_field: 'data_header.callid',
    lookup_id: 100,
    lookup_profile: 'default',
    lookup_field: 'sid',
    lookup_range: [-300, 200],
  },
  {
    source_field: 'protocol_header.correlation_id',
    lookup_id: 1,
    lookup_profile: 'call',
    lookup_field: 'sid',
    lookup_range: [-300, 200],
  },
];

export function isMsrp({ protocol_header: { payloadType } }: StoredRow): boolean {
  return payloadType === 100;
}

/** The rows that a transaction shows: those of the call, and those its mappings lead to. */
export async function transaction(
  homer: Homer,
  callId: string,
  entries: readonly Mapping[] = STOCK,
): Promise<readonly StoredRow[]> {
  const now = Date.now() / 1_000;
  const searched = { from: now - 60, to: now + 60 };
  const call = await lookUp(homer, 'hep_proto_1_call', 'sid', [callId], searched);
  const found = [...call];
  for (const { source_field, lookup_id, lookup_profile, lookup_field, lookup_range, input_function_js } of entries) {
    const values = [...new Set(call.map((row) => valueOf(row, source_field)))];
    // What the function returns is looked for beside what it was given.
    if (input_function_js !== undefined) values.push(...runInput(input_function_js, values));
    const range = { from: searched.from + lookup_range[0], to: searched.to + lookup_range[1] };
    found.push(...(await lookUp(homer, `hep_proto_${lookup_id}_${lookup_profile}`, lookup_field, values, range)));
  }
  const unique = new Map(found.map((row) => [`${row.created} ${row.raw}`, row]));
  return [...unique.values()].toSorted((a, b) => a.created - b.created);
}

function valueOf(row: StoredRow, field: string): string {
  const [column = '', key] = field.split('.');
  const value: unknown = row[column as keyof StoredRow];
  return String(key === undefined ? value : (value as Readonly<Record<string, unknown>>)[key]);
}

/** In a context of its own, with nothing but `data` in it, as goja has it; anything but an array crashes homer-app. */
function runInput(code: string, data: readonly string[]): readonly string[] {
  const result: unknown = runInContext(code, createContext({ data: [...data] }), { timeout: 1_000 });
  expect(Array.isArray(result)).toBe(true);
  return [...(result as readonly string[])];
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

function lookUp(
  homer: Homer,
  table: string,
  field: string,
  values: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly StoredRow[]> {
  const names = values.map((_, i) => `:'value${i}'`);
  const variables = Object.fromEntries(values.map((value, i) => [`value${i}`, value]));
  return homer.postgres.rows<StoredRow>(
    DATA,
    `SELECT sid, (extract(epoch FROM create_date) * 1000000)::bigint AS created, protocol_header, data_header, raw
       FROM ${table} WHERE create_date BETWEEN :'from' AND :'to' AND ${field} = ANY(ARRAY[${names.join(',')}])
       ORDER BY create_date`,
    { ...variables, from: isoTime(from), to: isoTime(to) },
  );
}
