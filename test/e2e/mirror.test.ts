/** What of the messages reaches Homer: bodies, caps, cuts, both legs, and the session it is filed under. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { receiveTcp } from '../helpers/hep.js';
import { scene } from '../helpers/scene.js';
import { startTap } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

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
    const [, kept = '', left] =
      /^(.*)\[msrptap: (\d+) bytes of text\/plain not mirrored\]([^]*)$/.exec(text.slice(head.length)) ?? [];
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
  const message = chat.ask('Grüße '.repeat(500));
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

test('two destinations, over tcp and udp, get the same', async () => {
  const [one, other] = [await Trace.start(), await Trace.start('udp')];
  const hop = await NextHop.start();
  const tap = await startTap({
    upstream: hop.url,
    proto_msrp: { trace_on: 1, trace_destination: ['one', 'other'] },
    proto_hep: { hep_id: [`[one]127.0.0.1:${one.port}`, `[other]127.0.0.1:${other.port};transport=udp;version=3`] },
  });
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  await carry(chat.ask('hello'), client, server);
  client.finish();
  server.finish();
  await Promise.all([one.count(5), other.count(5)]);
  expect(other.ladder(chat.session)).toEqual(one.ladder(chat.session));
  expect(one.ladder(chat.session)).toHaveLength(5);
});

test('homer5_on and what identifies this msrptap', async () => {
  const receiver = await receiveTcp();
  onTestFinished(() => receiver.close());
  const hop = await NextHop.start();
  const tap = await startTap({
    upstream: hop.url,
    trace: receiver,
    proto_hep: {
      hep_capture_id: 4_711,
      hep_node_name: 'tap1',
      hep_auth_key: 'secret',
      hep_payload_type: { events: 89, messages: 110 },
      homer5_on: 1,
      homer5_delim: '|',
    },
  });
  const { client, server } = await linkThrough(tap.socket, hop);
  const hello = new Chat().ask('hello');
  await carry(hello, client, server);
  await receiver.received(3);
  const identity = { captureId: 4_711, nodeName: 'tap1', authKey: 'secret' };
  for (const packet of receiver.packets) expect(packet).toMatchObject(identity);
  const ofType = (wanted: number): string[] =>
    receiver.packets.flatMap(({ type, payload }) => (type === wanted ? [payload.toString()] : []));
  expect(ofType(110)).toEqual([hello.toString()]);
  expect(ofType(89)).toEqual([
    expect.stringMatching(/^MSRP\|ACCEPTED\|SUCCESS\|[^|]+\|Leg=downstream\|/),
    expect.stringMatching(/^MSRP\|CONNECTED\|SUCCESS\|[^|]+\|Leg=upstream\|/),
  ]);
});
