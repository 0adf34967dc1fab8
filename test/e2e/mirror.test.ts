/** What of the messages reaches Homer: bodies, caps, cuts, both legs, and the session it is filed under. */
import { describe, expect, test } from 'vitest';
import { carry, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

interface Scene {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
  readonly client: Peer;
  readonly server: Peer;
  readonly chat: Chat;
}

async function scene(proto_msrp: Settings = {}): Promise<Scene> {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, trace, proto_msrp });
  return { trace, tap, hop, chat: new Chat(), ...(await linkThrough(tap.socket, hop)) };
}

/** Everything before the body, and the end-line with the CRLF before it. */
function frame(message: Buffer): readonly [head: string, end: string] {
  const text = message.toString('latin1');
  return [text.slice(0, text.indexOf('\r\n\r\n') + 4), text.slice(text.lastIndexOf('\r\n-------'))];
}

const OCTETS = Buffer.from(Array.from({ length: 700 }, (_, i) => (i * 7) % 256));

describe('trace_body', () => {
  test.each([
    ['text/plain', 'hello'],
    ['TEXT/html;charset=utf-8', '<p>Grüße</p>'],
    ['message/cpim', 'From: <sip:a@b>\r\n\r\nContent-Type: text/plain\r\n\r\nhi'],
    ['application/im-iscomposing+xml', '<?xml version="1.0"?><isComposing/>'],
    ['application/json; x=y', '{"a":1}'],
  ])('text (the default) mirrors %s as it is', async (type, body) => {
    const { trace, chat, client, server } = await scene();
    const message = chat.ask({ type, body });
    await carry(message, client, server);
    await trace.message(message);
  });

  test.each([
    ['image/jpeg', 'image/jpeg'],
    ['application/octet-stream;name="a b"', 'application/octet-stream'],
    ['Application/Xmlish', 'Application/Xmlish'],
  ])('text leaves out the body of %s and says so', async (type, shown) => {
    const { trace, chat, client, server } = await scene();
    const message = chat.ask({ type, body: OCTETS });
    await carry(message, client, server);
    const [head, end] = frame(message);
    await trace.message(Buffer.from(`${head}[msrptap: 700 bytes of ${shown} not mirrored]${end}`, 'latin1'));
  });

  test('full mirrors every octet', async () => {
    const { trace, chat, client, server } = await scene({ trace_body: 'full' });
    const message = chat.ask({ type: 'image/jpeg', body: OCTETS });
    await carry(message, client, server);
    await trace.message(message);
  });

  test('headers leaves out texts too, but not messages without a body', async () => {
    const { trace, chat, client, server } = await scene({ trace_body: 'headers' });
    const [bind, hello] = [chat.ask(), chat.ask('hello')];
    await carry(bind, client, server);
    await carry(hello, client, server);
    await trace.message(bind);
    const [head, end] = frame(hello);
    await trace.message(Buffer.from(`${head}[msrptap: 5 bytes of text/plain not mirrored]${end}`));
  });
});

describe('trace_max_payload', () => {
  test.each([1_024, 12_288, 60_000])('of %i: a longer body is cut between characters', async (trace_max_payload) => {
    const { trace, chat, client, server } = await scene({ trace_max_payload });
    const body = '世界'.repeat(40_000);
    const message = chat.ask({ type: 'text/plain;charset=utf-8', body });
    await carry(message, client, server);

    const { payload } = await trace.until(({ event }) => event === null);
    const [head, end] = frame(message);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    expect(payload.length).toBeLessThanOrEqual(trace_max_payload);
    // No more is left out than a character and the marker's shorter number make up.
    expect(payload.length).toBeGreaterThan(trace_max_payload - 12);
    expect(text.startsWith(head)).toBe(true);
    const [, kept = '', left] = /^(.*)\[msrptap: (\d+) bytes of text\/plain not mirrored\]([^]*)$/.exec(text.slice(head.length)) ?? [];
    expect(body.startsWith(kept)).toBe(true);
    expect(Number(left)).toBe(Buffer.byteLength(body) - Buffer.byteLength(kept));
    expect(text.endsWith(`not mirrored]${end}`)).toBe(true);
  });

  test('a message of just that length is whole', async () => {
    const { trace, chat, client, server } = await scene({ trace_max_payload: 4_096 });
    const empty = chat.ask('');
    const whole = chat.ask('x'.repeat(4_096 - empty.length));
    const over = chat.ask('x'.repeat(4_097 - empty.length));
    for (const message of [whole, over]) await carry(message, client, server);
    await trace.message(whole);
    const second = await trace.until(({ event, payload }) => event === null && !payload.equals(whole));
    expect(second.payload.toString()).toContain('bytes of text/plain not mirrored]');
    expect([whole.length, over.length]).toEqual([4_096, 4_097]);
  });
});

test('a message that comes in pieces is mirrored as one', async () => {
  const { trace, chat, client, server } = await scene();
  const message = chat.ask(`${'Grüße '.repeat(500)}`);
  for (let at = 0; at < message.length; at += 600) {
    const piece = message.subarray(at, at + 600);
    await carry(piece, client, server);
  }
  await trace.message(message);
  expect(trace.messages).toHaveLength(1);
});

test('many messages in one write are mirrored one by one, in their order', async () => {
  const { trace, chat, client, server } = await scene();
  const messages = Array.from({ length: 300 }, (_, i) => chat.ask(`message ${i}`));
  await carry(Buffer.concat(messages), client, server);
  await trace.message(messages[299] ?? Buffer.alloc(0));
  const shown = trace.ladder(chat.session).filter(({ event }) => event === null);
  expect(shown.map(({ payload }) => payload.toString())).toEqual(messages.map(String));
});

describe('a message that its connection cuts off', () => {
  test.each(['fin', 'rst'])('by a %s is mirrored as far as it came', async (how) => {
    const { trace, chat, client, server } = await scene();
    const { head } = chat.open('text/plain');
    const begun = Buffer.concat([head, Buffer.from('half of a sen')]);
    await carry(begun, client, server);
    if (how === 'fin') client.finish();
    else client.reset();
    await server.end;
    server.finish();
    const cut = `${begun.toString()}[msrptap: cut after ${begun.length} bytes]`;
    expect(await trace.message(Buffer.from(cut))).toMatchObject({ id: chat.session });
  });

  test('in its body of a type that is not mirrored', async () => {
    const { trace, chat, client, server } = await scene();
    const { head } = chat.open('image/png');
    const begun = Buffer.concat([head, OCTETS]);
    await carry(begun, client, server);
    client.reset();
    const markers = `[msrptap: 700 bytes of image/png not mirrored][msrptap: cut after ${begun.length} bytes]`;
    await trace.message(Buffer.concat([head, Buffer.from(markers)]));
  });
});

test('trace_legs both: once on each connection, on its own addresses', async () => {
  const { trace, tap, hop, chat, client, server } = await scene({ trace_legs: 'both' });
  const hello = chat.ask('hello');
  const ok = chat.ok(hello);
  await carry(hello, client, server);
  await carry(ok, server, client);
  await trace.count(2 + 4);
  const near = `127.0.0.1:${tap.socket.port}`;
  const shown = trace.ladder(chat.session).filter(({ event }) => event === null);
  expect(shown.map(({ source, destination, payload }) => [source, destination, payload.toString()])).toEqual([
    [client.address, near, hello.toString()],
    [server.remote, hop.address, hello.toString()],
    [hop.address, server.remote, ok.toString()],
    [near, client.address, ok.toString()],
  ]);
});

describe('the correlation id', () => {
  test('of a session stays what its first request said, whoever speaks', async () => {
    const { trace, chat, client, server } = await scene();
    const [hello, answer] = [chat.ask('hello'), chat.tell('answer')];
    await carry(hello, client, server);
    await carry(answer, server, client);
    await carry(chat.ok(answer), client, server);
    for (const message of [hello, answer, chat.ok(answer)]) expect((await trace.message(message)).id).toBe(chat.session);
  });

  test('two sessions on one connection keep apart, and each gets its CLOSED', async () => {
    const { trace, chat, client, server } = await scene();
    const other = new Chat();
    for (const message of [chat.ask('one'), other.ask('two')]) await carry(message, client, server);
    await carry(chat.tell('three'), server, client);
    await carry(other.tell('four'), server, client);
    client.finish();
    server.finish();
    await trace.count(2 + 4 + 4);
    const bodies = (session: string): string[] =>
      trace.ladder(session).flatMap(({ event, payload }) => (event === null ? [frameless(payload)] : []));
    expect(bodies(chat.session)).toEqual(['one', 'three']);
    expect(bodies(other.session)).toEqual(['two', 'four']);
    for (const Session of [chat.session, other.session]) {
      expect(trace.events({ Event: 'CLOSED', Session }).map(({ Leg }) => Leg).toSorted()).toEqual(['downstream', 'upstream']);
    }
    expect(trace.events({ Event: 'ACCEPTED' })).toEqual([expect.objectContaining({ Session: chat.session })]);
  });

  test('of a connection that never says a word is its link', async () => {
    const { trace, client, server } = await scene();
    client.finish();
    server.finish();
    await trace.count(4);
    const [link] = trace.events().map(({ Link }) => Link);
    expect(link).toMatch(/^[0-9a-f]{8}-\d+$/);
    expect(trace.ladder(`conn-${link}`).map(({ event }) => [event?.Event, event?.Session])).toEqual([
      ['ACCEPTED', undefined],
      ['CONNECTED', undefined],
      ['CLOSED', undefined],
      ['CLOSED', undefined],
    ]);
  });

  test('events wait for the first message, correlation_wait at most, and keep their own time', async () => {
    const { trace, chat, client, server } = await scene({ correlation_wait: 150 });
    await trace.count(2);
    expect(trace.events().map(({ Session }) => Session)).toEqual([undefined, undefined]);
    await carry(chat.ask('late'), client, server);
    const late = await trace.until(({ event }) => event === null);
    expect(late.id).toBe(chat.session);
    const [accepted] = trace.packets;
    expect(late.time - (accepted?.time ?? 0)).toBeGreaterThan(150_000);
  });
});

function frameless(message: Buffer): string {
  const [head, end] = frame(message);
  return message.toString('latin1').slice(head.length, -end.length);
}
