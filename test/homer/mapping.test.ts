/** The correlation mapping: installed as homer/README.md says, then followed as homer-app follows it when a call is opened. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chat } from '../helpers/wire.js';
import { CHAT_ROWS, storedChat } from './chat.js';
import { DATA } from './heplify-server.js';
import { Homer, type StoredRow } from './homer.js';
import { newCall, sendCall, SESSION_IN } from './sip.js';

/** Where homer-app keeps its settings. */
const CONFIGURATION = 'homer_config';

const FILES = join(import.meta.dirname, '../../homer');
const entry = readFileSync(join(FILES, 'correlation-mapping.json'), 'utf8');

/** What homer-app itself has for calls, in short: MSRP under the Call-ID, and the other legs of a call. */
const STOCK: readonly Mapping[] = [
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

interface Mapping {
  readonly source_field: string;
  readonly lookup_id: number;
  readonly lookup_profile: string;
  readonly lookup_field: string;
  /** Seconds, added to the beginning and the end of the time that was searched. */
  readonly lookup_range: readonly [number, number];
  readonly input_function_js?: string;
}

let homer: Homer;
beforeAll(async () => {
  homer = await Homer.start();
  await homer.postgres.psql(DATA, `CREATE DATABASE ${CONFIGURATION}`);
  // Of homer-app's table, the columns that are concerned; another profile must stay as it is.
  await homer.postgres.psql(
    CONFIGURATION,
    `CREATE TABLE mapping_schema (hepid int NOT NULL, profile varchar(100) NOT NULL, correlation_mapping json DEFAULT '{}');
     INSERT INTO mapping_schema VALUES (1, 'call', :'stock'), (1, 'registration', :'stock');`,
    { stock: JSON.stringify(STOCK) },
  );
});
afterAll(() => homer.stop());

async function install(): Promise<void> {
  await homer.postgres.psql(CONFIGURATION, readFileSync(join(FILES, 'correlation-mapping.sql'), 'utf8'), { entry });
}

async function mappings(profile: string): Promise<readonly Mapping[]> {
  const sql = "SELECT correlation_mapping FROM mapping_schema WHERE hepid = 1 AND profile = :'profile'";
  const [row] = await homer.postgres.rows<{ correlation_mapping: readonly Mapping[] }>(CONFIGURATION, sql, { profile });
  return row?.correlation_mapping ?? [];
}

test('the entry is appended to those of calls, once, however often it is installed', async () => {
  await install();
  await install();
  expect(await mappings('call')).toEqual([...STOCK, ...(JSON.parse(entry) as Mapping[])]);
  expect(await mappings('registration')).toEqual(STOCK);
});

test.each(SESSION_IN)('the call shows the MSRP of its session, whose id is in $in', async ({ callOf }) => {
  await install();
  const [chat, another] = [new Chat(), new Chat()];
  const call = callOf(chat.session);
  await sendCall(homer, call);
  const rows = await storedChat(homer, chat);
  await storedChat(homer, another);

  expect(rows.map(({ sid }) => sid)).toEqual(Array.from({ length: CHAT_ROWS }, () => chat.session));
  const shown = await transaction(call.callId, await mappings('call'));
  expect(shown.filter(isMsrp)).toEqual(rows);
  expect(shown.filter((row) => !isMsrp(row)).map(({ raw }) => raw.slice(0, 7))).toEqual(['INVITE ', 'SIP/2.0']);
  // It is the entry that does it.
  expect((await transaction(call.callId, STOCK)).filter(isMsrp)).toEqual([]);
});

test('a call without MSRP shows none, and breaks nothing', async () => {
  await install();
  const call = newCall('rtsp://a.example.com/no;tcp', 'msrp://no-session.example.com');
  await sendCall(homer, call);
  expect((await transaction(call.callId, await mappings('call'))).map(({ raw }) => raw.slice(0, 7))).toEqual([
    'INVITE ',
    'SIP/2.0',
  ]);
});

function isMsrp({ protocol_header: { payloadType } }: StoredRow): boolean {
  return payloadType === 100;
}

/** What a transaction shows in homer-app (data/service/search.go, GetTransaction): the rows of a call and those its mappings lead to. */
async function transaction(callId: string, entries: readonly Mapping[]): Promise<readonly StoredRow[]> {
  const now = Date.now() / 1_000;
  const searched = { from: now - 60, to: now + 60 };
  const call = await lookUp('hep_proto_1_call', 'sid', [callId], searched);
  const found = [...call];
  for (const { source_field, lookup_id, lookup_profile, lookup_field, lookup_range, input_function_js } of entries) {
    const values = [...new Set(call.map((row) => valueOf(row, source_field)))];
    // What the function returns is looked for beside what it was given.
    if (input_function_js !== undefined) values.push(...runInput(input_function_js, values));
    const range = { from: searched.from + lookup_range[0], to: searched.to + lookup_range[1] };
    found.push(...(await lookUp(`hep_proto_${lookup_id}_${lookup_profile}`, lookup_field, values, range)));
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
