/** The correlation mapping: installed as homer/README.md says, then followed as homer-app follows it when a call is opened. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chat } from '../helpers/wire.js';
import { CHAT_ROWS, storedChat } from './chat.js';
import { DATA } from './heplify-server.js';
import { CONFIGURATION, isMsrp, STOCK, transaction, type Mapping } from './homer-app.js';
import { Homer } from './homer.js';
import { newCall, sendCall, SESSION_IN } from './sip.js';

const FILES = join(import.meta.dirname, '../../homer');
const entry = readFileSync(join(FILES, 'correlation-mapping.json'), 'utf8');

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
  const shown = await transaction(homer, call.callId, await mappings('call'));
  expect(shown.filter(isMsrp)).toEqual(rows);
  expect(shown.filter((row) => !isMsrp(row)).map(({ raw }) => raw.slice(0, 7))).toEqual(['INVITE ', 'SIP/2.0']);
  // It is the entry that does it.
  expect((await transaction(homer, call.callId, STOCK)).filter(isMsrp)).toEqual([]);
});

test('a call without MSRP shows none, and breaks nothing', async () => {
  await install();
  const call = newCall('rtsp://a.example.com/no;tcp', 'msrp://no-session.example.com');
  await sendCall(homer, call);
  expect((await transaction(homer, call.callId, await mappings('call'))).map(({ raw }) => raw.slice(0, 7))).toEqual([
    'INVITE ',
    'SIP/2.0',
  ]);
});
