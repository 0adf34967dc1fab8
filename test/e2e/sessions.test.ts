/** MSRP sessions over MI and in the metrics, whichever process carries them. */
import { describe, expect, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { MiTap } from '../helpers/mi.js';
import { Chat } from '../helpers/wire.js';

interface Way {
  readonly Requests: number;
  readonly Responses: number;
  readonly Waiting: number;
  readonly Content: Readonly<Record<string, { readonly Messages: number; readonly Octets: number }>>;
  readonly Transfers: readonly Readonly<Record<string, unknown>>[];
}

interface SessionReply {
  readonly ID: string;
  readonly Link: string;
  readonly To: string;
  readonly State: string;
  readonly Up: Way;
  readonly Down: Way;
}

interface Page {
  readonly Sessions: readonly SessionReply[];
  readonly Total: number;
  readonly After?: string;
}

describe.each([1, 2])('workers: %i', (workers) => {
  test('sessions a page at a time, with what went in them', async () => {
    const hop = await NextHop.start();
    const mi = await MiTap.start({ workers, upstream: hop.url });
    const page = async (...params: readonly string[]): Promise<Page> =>
      (await mi.call('mi_http', 'msrptap:sessions', ...params)).result as Page;
    const chats = [];
    for (let i = 0; i < 3; i += 1) {
      const { client, server } = await linkThrough(mi.tap.socket, hop);
      const chat = new Chat();
      const asked = chat.ask('hello');
      await carry(asked, client, server);
      await carry(chat.ok(asked), server, client);
      chats.push({ chat, client, server });
    }
    // Looking on comes after passing on.
    await eventually(async () => (await page()).Sessions.map(({ Down }) => Down.Responses)).toEqual([1, 1, 1]);
    const first = await page('2');
    const second = await page('2', first.After ?? '');
    expect([first.Total, second.Total, second.After]).toEqual([3, 3, undefined]);
    const all = [...first.Sessions, ...second.Sessions];
    expect(all.map(({ To }) => To)).toEqual(chats.map(({ chat }) => expect.stringContaining(chat.session)));
    expect(all[0]).toMatchObject({
      State: 'flowing',
      Up: { Requests: 1, Waiting: 0, Content: { text: { Messages: 1, Octets: 5 } }, Transfers: [] },
    });

    const [own] = chats;
    if (own === undefined) throw new Error('no link');
    const chunk = {
      type: 'image/png',
      body: 'x'.repeat(100),
      flag: '+',
      headers: [['Byte-Range', '1-100/300']],
    } as const;
    await carry(own.chat.ask(chunk), own.client, own.server);
    await eventually(async () => (await page()).Sessions[0]?.Up).toMatchObject({
      Waiting: 1,
      Transfers: [{ Content: 'file', Octets: 100, Total: 300, Ranges: '1-100' }],
    });
    own.client.socket.resetAndDestroy();
    await eventually(async () => (await page()).Total).toBe(2);
    expect(await mi.tap.metric('transfers_total', { direction: 'up', result: 'incomplete' })).toBe(1);
    expect(await mi.tap.metric('transfers_total', { direction: 'up', result: 'complete' })).toBe(3);
    expect(await mi.tap.metric('content_bytes_total', { direction: 'up', content: 'file' })).toBe(100);
    expect(await mi.tap.metric('sessions', { state: 'flowing' })).toBe(2);
    expect(await mi.tap.metric('sessions_total')).toBe(3);
    expect(await mi.tap.metric('upstream_first_byte_seconds_count', { proto: 'msrp' })).toBe(3);
    expect(await mi.call('mi_http', 'msrptap:sessions', '0')).toMatchObject({ error: { code: -32602 } });
    expect(await mi.call('mi_http', 'msrptap:sessions', '5', 'x')).toMatchObject({ error: { code: -32602 } });
  });
});

test('sessions: 0 tells of none', async () => {
  const hop = await NextHop.start();
  const mi = await MiTap.start({ upstream: hop.url, proto_msrp: { sessions: 0 } });
  const { client, server } = await linkThrough(mi.tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
  await eventually(() => mi.tap.metric('requests_total', { direction: 'up', method: 'SEND' })).toBe(1);
  expect(await mi.call('mi_http', 'msrptap:sessions')).toMatchObject({ result: { Sessions: [], Total: 0 } });
  expect(await mi.tap.metric('content_messages_total', { direction: 'up', content: 'text' })).toBe(0);
  expect(await mi.tap.metric('sessions_total')).toBe(0);
});
