/** MI looks at the links and acts on them, whichever process carries them. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { MiTap } from '../helpers/mi.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

interface LinkReply {
  readonly ID: string;
  readonly State: string;
  readonly Downstream: { readonly Remote: string; readonly BytesIn: number; readonly MessagesIn: number };
  readonly Upstream: { readonly Remote: string; readonly Local: string } | null;
}

interface Page {
  readonly Links: readonly LinkReply[];
  readonly Total: number;
  readonly After?: string;
}

type Linked = Awaited<ReturnType<typeof linkThrough>>;

/** A request and its response. */
const talk = async (chat: Chat, link: Linked): Promise<void> => {
  const asked = chat.ask('hello');
  await carry(asked, link.client, link.server);
  await carry(chat.ok(asked), link.server, link.client);
};

describe.each([1, 2])('workers: %i', (workers) => {
  test('links and their connections, a page at a time, with figures that move', async () => {
    const hop = await NextHop.start();
    const mi = await MiTap.start({ workers, upstream: hop.url });
    const links = [];
    for (let i = 0; i < 5; i += 1) links.push(await linkThrough(mi.tap.socket, hop));
    const remotes = links.map(({ client }) => `127.0.0.1:${client.socket.localPort ?? 0}`);
    const page = async (...params: readonly string[]): Promise<Page> =>
      (await mi.call('mi_http', 'msrptap:links', ...params)).result as Page;
    await eventually(async () => (await page()).Links.filter(({ State }) => State === 'connected').length).toBe(5);

    const first = await page('2');
    const second = await page('2', first.After ?? '');
    const third = await page('2', second.After ?? '');
    const all = [first, second, third].flatMap(({ Links }) => Links);
    expect([first.Total, second.Total, third.Total]).toEqual([5, 5, 5]);
    expect(third.After).toBeUndefined();
    // In the order in which they came.
    expect(all.map(({ Downstream }) => Downstream.Remote)).toEqual(remotes);
    expect(all.map(({ Upstream }) => Upstream?.Remote)).toEqual(Array.from({ length: 5 }, () => hop.address));

    const hello = new Chat().ask('hello');
    const [link] = links;
    if (link !== undefined) await carry(hello, link.client, link.server);
    await eventually(async () => (await page()).Links[0]?.Downstream).toMatchObject({
      BytesIn: Buffer.concat([hello].flat().map((part) => Buffer.from(part))).length,
      MessagesIn: 1,
    });

    const { result } = await mi.call('mi_fifo', 'list_tcp_conns');
    const { Connections } = result as {
      readonly Connections: readonly { readonly ID: string; readonly Remote: string }[];
    };
    expect(Connections).toHaveLength(10);
    expect(new Set(Connections.map(({ ID }) => ID)).size).toBe(10);
    expect(Connections.filter(({ Remote }) => Remote === hop.address)).toHaveLength(5);
    expect(await mi.call('mi_datagram', 'list_tcp_conns', 'msrps')).toMatchObject({ result: { Connections: [] } });
  });

  test('close resets one link, with a reason, and no other', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const mi = await MiTap.start({ workers, upstream: hop.url, trace });
    const links = [];
    for (let i = 0; i < 4; i += 1) links.push(await linkThrough(mi.tap.socket, hop));
    for (const { client, server } of links) await carry(new Chat().ask('hello'), client, server);
    const { result } = await mi.call('mi_http', 'msrptap:links');
    const [, , third] = (result as Page).Links;
    expect(await mi.call('mi_fifo', 'msrptap:close', third?.ID)).toMatchObject({ result: 'OK' });
    const closed = links[2];
    expect(await Promise.all([closed?.client.end, closed?.server.end])).toEqual(['rst', 'rst']);
    await eventually(() =>
      trace.events({ Event: 'CLOSED' }).map(({ Link, Reason, Status }) => [Link, Reason, Status]),
    ).toEqual([
      [third?.ID, 'closed_by_mi', 'SUCCESS'],
      [third?.ID, 'closed_by_mi', 'SUCCESS'],
    ]);
    expect(await mi.call('mi_fifo', 'msrptap:close', third?.ID)).toMatchObject({ error: { code: 404 } });
    for (const [index, { client, server }] of links.entries()) {
      if (index !== 2) await carry(new Chat().ask('still here'), client, server);
    }
    expect(await mi.tap.metric('connection_closes_total', { reason: 'closed_by_mi' })).toBe(2);
  });

  test('ps, destinations, statistics and reloads', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const mi = await MiTap.start({ workers, upstream: hop.url, trace });
    const { client, server } = await linkThrough(mi.tap.socket, hop);
    await carry(new Chat().ask('hello'), client, server);
    await eventually(() => trace.messages.length).toBe(1);
    const { result } = await mi.call('mi_http', 'ps');
    const { Processes } = result as { readonly Processes: readonly { readonly PID: number }[] };
    const pids = workers === 1 ? [mi.tap.pid] : [mi.tap.pid, ...mi.tap.workers()];
    expect(new Set(Processes.map(({ PID }) => PID))).toEqual(new Set(pids));
    expect(Processes).toHaveLength(pids.length);
    expect(await mi.call('mi_http', 'msrptap:destinations')).toMatchObject({
      result: {
        Destinations: [{ Name: 'homer', Address: `127.0.0.1:${trace.port}`, Connected: true, Sent: 3, Dropped: 0 }],
      },
    });
    expect(await mi.call('mi_fifo', 'get_statistics', ['msrp:requests_total-up-SEND'])).toMatchObject({
      result: { 'msrp:requests_total-up-SEND': 1 },
    });
    expect(await mi.call('mi_datagram', 'tls_reload')).toMatchObject({ result: 'OK' });
    expect(await mi.call('mi_datagram', 'msrptap:reload_filters')).toMatchObject({ error: { code: 400 } });
  });

  test('one session and one address are traced for a while although tracing is off', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const mi = await MiTap.start({ workers, upstream: hop.url, trace, proto_msrp: { trace_on: 0 } });
    const [chats, links] = [[new Chat(), new Chat(), new Chat()], [] as Linked[]];
    for (const chat of chats) {
      const link = await linkThrough(mi.tap.socket, hop);
      await talk(chat, link);
      links.push(link);
    }
    const [one, other] = chats;
    expect(await mi.call('mi_http', 'msrptap:trace', one?.session, '60')).toMatchObject({ result: 'OK' });
    const address = `127.0.0.1:${links[1]?.client.socket.localPort ?? 0}`;
    expect(await mi.call('mi_http', 'msrptap:trace', address)).toMatchObject({ result: 'OK' });
    expect(await mi.call('mi_http', 'msrptap:trace')).toMatchObject({
      result: { Traces: [{ Target: one?.session, 'Seconds left': expect.any(Number) }, { Target: address }] },
    });
    for (const [index, chat] of chats.entries()) {
      const link = links[index];
      if (link !== undefined) await talk(chat, link);
    }
    // A request and its response of each of the two; of the third, nothing.
    await eventually(() => trace.messages.length).toBe(4);
    expect(new Set(trace.messages.map(({ id }) => id))).toEqual(new Set([one?.session, other?.session]));

    expect(await mi.call('mi_http', 'msrptap:trace', one?.session, '0')).toMatchObject({ result: 'OK' });
    // msrp_trace off ends what is left.
    expect(await mi.call('mi_http', 'msrp_trace', 'off')).toMatchObject({ result: 'OK' });
    expect(await mi.call('mi_http', 'msrptap:trace')).toMatchObject({ result: { Traces: [] } });
    for (const [index, chat] of chats.entries()) {
      const link = links[index];
      if (link !== undefined) await talk(chat, link);
    }
    expect(await mi.tap.metric('hep_packets_total', { result: 'sent' })).toBe(4);
    expect(await mi.tap.metric('observer_errors_total')).toBe(0);
  });
});

test('a worker that takes the place of another traces what is traced for a while', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const mi = await MiTap.start({ workers: 2, upstream: hop.url, trace, proto_msrp: { trace_on: 0 } });
  expect(await mi.call('mi_fifo', 'msrptap:trace', '127.0.0.1', '600')).toMatchObject({ result: 'OK' });
  for (const pid of mi.tap.workers()) process.kill(pid, 'SIGKILL');
  await eventually(() => mi.tap.logged('worker replaced')).toBe(2);
  const { client, server } = await linkThrough(mi.tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
  await eventually(() => trace.messages.length).toBe(1);
  await eventually(() => trace.events({ Event: 'ACCEPTED' }).length).toBe(1);
});

test('a worker that hangs: what it should have told is told as missing', async () => {
  const hop = await NextHop.start();
  const mi = await MiTap.start({ workers: 2, upstream: hop.url });
  const [hung = 0] = mi.tap.workers();
  process.kill(hung, 'SIGSTOP');
  onTestFinished(() => void process.kill(hung, 'SIGKILL'));
  expect(await mi.call('mi_http', 'msrptap:links')).toMatchObject({
    result: { Links: [], Missing: [expect.stringMatching(/^worker [12]$/)] },
  });
  expect(await mi.call('mi_http', 'msrptap:close', 'x')).toMatchObject({ error: { code: -32_000 } });
});
