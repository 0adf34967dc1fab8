/** Homer as it is installed: MSRP is stored and shown with its call, once msrptap knows the Call-ID, by MI or by the copy of SIP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Chat } from '../helpers/wire.js';
import { callThroughKamailio } from '../interop/sip-call.js';
import { CHAT_ROWS, storedChat } from './chat.js';
import { isMsrp, transaction } from './homer-app.js';
import { Homer, type StoredRow } from './homer.js';
import { newCall, sendCall } from './sip.js';

let homer: Homer;
beforeAll(async () => {
  homer = await Homer.start();
});
afterAll(() => homer.stop());

/** What a row shows first: the method or status of SIP, the kind of an event, of MSRP what it is. */
function titles(rows: readonly StoredRow[]): readonly string[] {
  return rows.map(
    ({ raw }) => /^MSRP \S+ (\S+)|^(SIP\/2.0 \d+)|"Event":"(\w+)"|^(\w+) sips?:/.exec(raw)?.slice(1).join('') ?? raw,
  );
}

const CHAT = ['ACCEPTED', 'CONNECTED', 'SEND', '200', 'CLOSED', 'CLOSED'];

/** All of the chat under the Call-ID, its session still in its events, and nothing in Homer that was not there anyhow. */
async function expectWithCall(callId: string, { session }: Chat, rows: readonly StoredRow[]): Promise<void> {
  expect(rows).toHaveLength(CHAT_ROWS);
  expect(titles(rows).toSorted()).toEqual(CHAT.toSorted());
  for (const row of rows) expect(row).toMatchObject({ sid: callId, protocol_header: { correlation_id: callId } });
  for (const { raw } of rows) expect(raw).toContain(session);
  const shown = await transaction(homer, callId);
  expect(shown.filter(isMsrp)).toEqual(rows);
}

describe.each([1, 2])('workers: %i', (workers) => {
  test('told by MI', async () => {
    const [chat, other] = [new Chat(), new Chat()];
    const call = newCall(`msrp://a.example.com/of.${chat.session};tcp`, `msrp://b.example.com/${chat.session};tcp`);
    await sendCall(homer, call);
    const rows = await storedChat(homer, chat, { workers }, async (tap) => {
      expect(await tap.mi('msrptap:correlate', chat.session, call.callId)).toBe('OK');
    });
    await expectWithCall(call.callId, chat, rows);
    expect(titles(await transaction(homer, call.callId)).slice(0, 2)).toEqual(['INVITE', 'SIP/2.0 200']);

    const untold = await storedChat(homer, other, { workers });
    expect(new Set(untold.map(({ sid }) => sid))).toEqual(new Set([other.session]));
  });

  test.each(['udp', 'tcp'] as const)(
    'learnt from Kamailio, which sends its copy to both, over %s',
    async (transport) => {
      const chat = new Chat();
      let callId = '';
      const rows = await storedChat(homer, chat, { workers, hep_input: `${transport}:127.0.0.1:0` }, async (tap) => {
        callId = await callThroughKamailio(tap, chat, { transport, homerPort: homer.server.port });
      });
      await expectWithCall(callId, chat, rows);
      // SIP comes over UDP, and so in its own time.
      await expect
        .poll(async () => new Set(titles(await transaction(homer, callId))), { timeout: 15_000 })
        .toEqual(new Set([...CHAT, 'INVITE', 'SIP/2.0 100', 'SIP/2.0 200']));
    },
  );
});
