/** What of a message is mirrored: by message() of a filter module. What is proxied is the same, whatever it says. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { carry, dial, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { startTap, TapProcess, type Settings, type Tap } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

interface Scene {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
  readonly chat: Chat;
  readonly client: Peer;
  readonly server: Peer;
  /** Puts another module in the place of the filter's. */
  readonly replace: (source: string) => Promise<void>;
}

const TRACE_ALL = 'export default () => {};\n';

async function filterFolder(source: string): Promise<{ filters: string; replace: Scene['replace'] }> {
  const filters = await mkdtemp(join(tmpdir(), 'msrptap-filters-'));
  onTestFinished(() => rm(filters, { recursive: true }));
  const replace = async (text: string): Promise<void> => {
    // As editors do: never half a file.
    await writeFile(join(filters, 'new'), text);
    await rename(join(filters, 'new'), join(filters, 'f.js'));
  };
  await replace(source);
  return { filters, replace };
}

async function scene(
  source: string,
  { route = TRACE_ALL, ...proto_msrp }: Settings & { route?: string } = {},
  proto_hep: Settings = {},
): Promise<Scene> {
  const { filters, replace } = await filterFolder(`${route}${source}`);
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({
    upstream: hop.url,
    trace,
    filters,
    proto_msrp: { trace_filter_route: 'f', ...proto_msrp },
    proto_hep,
  });
  return { trace, tap, hop, chat: new Chat(), replace, ...(await linkThrough(tap.socket, hop)) };
}

async function close({ client, server }: Pick<Scene, 'client' | 'server'>): Promise<void> {
  client.finish();
  server.finish();
  await Promise.all([client.closed, server.closed]);
}

/** `before` with a marker in the place of its body, of which no octet may be in the trace. */
function withoutBody(message: Buffer, body: string, type = 'text/plain'): string {
  const octets = Buffer.byteLength(body);
  return message.toString().replace(body, `[msrptap: ${octets} bytes of ${type} not mirrored]`);
}

function texts({ trace }: Scene): string[] {
  return trace.messages.map(({ payload }) => payload.toString());
}

describe('message() of a filter module', () => {
  test('is told of each message, and says what is mirrored of it', async () => {
    const here = await scene(`
      export function message({ method, status, direction, si, sp, body }, { drop, exit }) {
        const text = body.toString();
        if (text === 'dropped') drop();
        if (text === 'as it is') exit();
        if (text === 'headers') return { body: 'headers' };
        if (text === 'told') return { correlation: [method, status, direction, si, sp].join() };
        if (status === 200) return { correlation: [method, status, direction, si, sp].join() };
        return { redact: [/(?<=card )\\d+/] };
      }
    `);
    const { chat, client, server, trace } = here;
    const [dropped, whole, headers] = [chat.ask('dropped'), chat.ask('as it is'), chat.ask('headers')];
    const [told, card] = [chat.ask('told'), chat.ask('card 4111')];
    for (const request of [dropped, whole, headers, told, card]) await carry(request, client, server);
    const ok = chat.ok(whole);
    await carry(ok, server, client);
    await close(here);
    // Four events, and all messages but the one.
    await trace.count(4 + 5);
    expect(texts(here)).toEqual([
      whole.toString(),
      withoutBody(headers, 'headers'),
      told.toString(),
      card.toString().replace('4111', '[redacted]'),
      ok.toString(),
    ]);
    const [from, to] = [client.address.replace(':', ','), here.hop.address.replace(':', ',')];
    expect(trace.messages.map(({ id }) => id)).toEqual([
      chat.session,
      chat.session,
      `SEND,,up,${from}`,
      chat.session,
      `,200,down,${to}`,
    ]);
    const decision = (name: string): Promise<number> =>
      here.tap.metric('message_filter_decisions_total', { decision: name });
    expect([await decision('drop'), await decision('exit'), await decision('change')]).toEqual([1, 1, 4]);
  });

  test('is asked once for a message that is mirrored on both connections', async () => {
    const here = await scene(
      `
      let asked = 0;
      export const message = () => ({ correlation: 'call-' + asked++ });
    `,
      { trace_legs: 'both' },
    );
    await carry(here.chat.ask('hello'), here.client, here.server);
    await carry(here.chat.tell('hi'), here.server, here.client);
    await eventually(() => here.trace.messages.map(({ id }) => id)).toEqual(['call-0', 'call-0', 'call-1', 'call-1']);
  });

  test('is not asked about what the route drops', async () => {
    const here = await scene(`export const message = () => {};`, { route: `export default (_, { drop }) => drop();` });
    await carry(here.chat.ask('hello'), here.client, here.server);
    await close(here);
    await eventually(() => here.tap.metric('filter_decisions_total', { decision: 'drop' })).toBe(2);
    expect(await here.tap.metric('message_filter_decisions_total')).toBe(0);
    expect(here.trace.packets).toEqual([]);
  });

  test('keeps what it hides out of a message that is cut', async () => {
    const here = await scene(`export const message = ({ complete }) => complete ? undefined : { redact: [/secret/] };`);
    const { head } = here.chat.open('text/plain');
    const part = Buffer.concat([head, Buffer.from('a secret')]);
    await carry(part, here.client, here.server);
    await close(here);
    await here.trace.count(5);
    expect(texts(here)).toEqual([
      `${part.toString().replace('secret', '[redacted]')}[msrptap: cut after ${part.length} bytes]`,
    ]);
  });

  test.each([
    ['throws', `throw new Error('oops')`, 'throw'],
    ['is not understood', `return { corelation: 'x' }`, 'invalid'],
    ['ends its thread', 'process.exit(1)', 'crash'],
    ['never ends', 'while (true)', 'timeout'],
  ])('that %s: headers only, in the order of all', async (_, statement, decision) => {
    const here = await scene(`export function message({ body }) { if (body.includes('secret')) ${statement}; }`);
    const { chat, client, server } = here;
    const messages = ['before', 'a secret', 'after'].map((text) => chat.ask(text));
    for (const message of messages) await carry(message, client, server);
    await close(here);
    await here.trace.count(4 + 3);
    const [before, secret, after] = messages as [Buffer, Buffer, Buffer];
    expect(texts(here)).toEqual([before.toString(), withoutBody(secret, 'a secret'), after.toString()]);
    expect(await here.tap.metric('message_filter_decisions_total', { decision })).toBe(1);
    const lines = here.tap.log.filter(({ msg }) => msg.startsWith('filter failed over a message'));
    expect(lines).toMatchObject([{ outcome: decision }]);
    expect(JSON.stringify(here.tap.log)).not.toContain('secret');
  });

  test('bytes do not wait for it; what does and finds no room is dropped and counted, and never asked about', async () => {
    const slow = `export function message() { const end = Date.now() + 100; while (Date.now() < end); }`;
    const here = await scene(slow, { trace_max_payload: 60_000 }, { hep_queue_bytes: 1_048_576 });
    const { chat, client, server, tap } = here;
    const messages = Array.from({ length: 60 }, () => chat.ask('x'.repeat(50_000)));
    await carry(Buffer.concat(messages), client, server);
    await close(here);
    await eventually(() => here.trace.events({ Event: 'CLOSED' }).length).toBe(2);
    // Whatever came of it: a thread that stands still for a second is lost.
    const asked = await tap.metric('message_filter_decisions_total');
    const { dropped } = await tap.hepPackets();
    expect(dropped).toBeGreaterThan(0);
    expect([asked + dropped, here.trace.messages.length]).toEqual([60, asked]);
  });

  test('switched off, what waits for it is not sent later', async () => {
    const here = await scene(`export function message({ body }) { while (body.includes('slow')); }`);
    await carry(here.chat.ask('slow'), here.client, here.server);
    await here.tap.mi('msrp_trace', 'off');
    await here.tap.mi('msrp_trace', 'on');
    const next = here.chat.ask('next');
    await carry(next, here.client, here.server);
    await here.trace.message(next);
    expect(texts(here)).toEqual([next.toString()]);
  });

  test('that is loaded anew holds from then on', async () => {
    const here = await scene(`export const message = (_, { drop }) => drop();`);
    await carry(here.chat.ask('unseen'), here.client, here.server);
    await eventually(() => here.tap.metric('message_filter_decisions_total', { decision: 'drop' })).toBe(1);
    await here.replace(TRACE_ALL);
    await eventually(() => here.tap.logged('filter reloaded')).toBe(1);
    const seen = here.chat.ask('seen');
    await carry(seen, here.client, here.server);
    await here.trace.message(seen);
    expect(texts(here)).toEqual([seen.toString()]);
    expect(await here.tap.metric('message_filter_decisions_total')).toBe(1);
  });
});

test('workers filter messages, each for itself, and count them as one', async () => {
  const { filters } = await filterFolder(`${TRACE_ALL}export const message = () => ({ body: 'headers' });`);
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const proto_msrp = { trace_filter_route: 'f' };
  const tap = await TapProcess.start({ workers: 2, upstream: hop.url, trace, filters, proto_msrp });
  const expected: string[] = [];
  for (let link = 0; link < 4; link += 1) {
    const accepted = hop.accept();
    const [client, server] = [await dial(tap.socket), await accepted];
    const hello = new Chat().ask('a secret');
    await carry(hello, client, server);
    expected.push(withoutBody(hello, 'a secret'));
  }
  await eventually(() => trace.messages.map(({ payload }) => payload.toString()).toSorted()).toEqual(
    expected.toSorted(),
  );
  expect(await tap.metric('message_filter_decisions_total', { decision: 'change' })).toBe(4);
});

/** [RFC 3862], with a header of its own that is meant to mislead. */
function cpim(type: string, content: string): string {
  return `From: <im:a@example.com>\r\nContent-Type: message/imdn+xml\r\n\r\n${type}\r\n\r\n${content}`;
}

test('the example hide_chat hides what people write, and nothing else', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const filters = join(import.meta.dirname, '../../filters');
  const tap = await startTap({ upstream: hop.url, trace, filters, proto_msrp: { trace_filter_route: 'hide_chat' } });
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  const hidden: [type: string, body: string][] = [
    ['text/plain', 'a secret'],
    ['Text/HTML; charset=utf-8', '<b>a secret</b>'],
    ['message/cpim', cpim('Content-Type: text/plain; charset=utf-8', 'a secret')],
    ['message/cpim', cpim('content-type:text/plain\r\nContent-Type: message/imdn+xml', 'a secret')],
    ['message/cpim', 'goes on with a secret\r\n\r\nfrom the chunk before'],
    ['application/json', '{"text":"a secret"}'],
  ];
  const shown: [type: string, body: string][] = [
    ['application/im-iscomposing+xml', '<isComposing><state>active</state></isComposing>'],
    ['message/imdn+xml', '<imdn/>'],
    ['message/cpim', cpim('Content-Type: message/imdn+xml; charset=utf-8', '<imdn/>')],
  ];
  const expected: string[] = [];
  for (const [type, body] of hidden) {
    const message = chat.ask({ type, body });
    await carry(message, client, server);
    expected.push(withoutBody(message, body, type.split(';', 1)[0]));
  }
  for (const [type, body] of shown) {
    const message = chat.ask({ type, body });
    await carry(message, client, server);
    const ok = chat.ok(message);
    await carry(ok, server, client);
    expected.push(message.toString(), ok.toString());
  }
  await eventually(() => trace.messages.length).toBe(expected.length);
  expect(trace.messages.map(({ payload }) => payload.toString())).toEqual(expected);
  expect(trace.packets.some(({ payload }) => payload.includes('secret'))).toBe(false);
});
