/** The Lua script, inside heplify-server: MSRP is stored under the Call-ID of the SIP call that its session was agreed in. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Chat } from '../helpers/wire.js';
import { CHAT_ROWS, storedChat } from './chat.js';
import { Homer } from './homer.js';
import { newCall, sendCall, SESSION_IN } from './sip.js';

let homer: Homer;
beforeAll(async () => {
  const ScriptFolder = join(import.meta.dirname, '../../homer');
  homer = await Homer.start({ ScriptEnable: true, ScriptEngine: 'lua', ScriptFolder });
});
afterAll(() => homer.stop());

test.each(SESSION_IN)('a session-id in $in', async ({ callOf }) => {
  const chat = new Chat();
  const call = callOf(chat.session);
  await sendCall(homer, call);
  const rows = await storedChat(homer, chat);

  expect(rows).toHaveLength(CHAT_ROWS);
  expect(new Set(rows.map(({ sid }) => sid))).toEqual(new Set([call.callId]));
  expect(new Set(rows.map(({ protocol_header }) => protocol_header.correlation_id))).toEqual(new Set([call.callId]));
});

test('a session that no call named stays what it is', async () => {
  const chat = new Chat();
  await sendCall(
    homer,
    newCall(`msrp://a.example.com/${chat.session}x;tcp`, `msrp://b.example.com/x${chat.session};tcp`),
  );
  const rows = await storedChat(homer, chat);
  expect(new Set(rows.map(({ sid }) => sid))).toEqual(new Set([chat.session]));
});

test('it never fails, and says nothing', () => {
  expect(homer.server.logged('[string')).toBe(0);
  expect(homer.server.logged('script')).toBe(0);
});
