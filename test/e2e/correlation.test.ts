/** The session that packets are filed under: the correlation id of each, and the times that order them. */
import { expect, test } from 'vitest';
import { carry } from '../helpers/endpoint.js';
import { scene } from '../helpers/scene.js';
import { Chat } from '../helpers/wire.js';

test('the id of a session stays what its first request said, whoever speaks', async () => {
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
    trace.ladder(session).flatMap(({ event, payload }) => (event === null ? [bodyOf(payload)] : []));
  expect(bodies(chat.session)).toEqual(['one', 'three']);
  expect(bodies(other.session)).toEqual(['two', 'four']);
  for (const Session of [chat.session, other.session]) {
    expect(
      trace
        .events({ Event: 'CLOSED', Session })
        .map(({ Leg }) => Leg)
        .toSorted(),
    ).toEqual(['downstream', 'upstream']);
  }
  expect(trace.events({ Event: 'ACCEPTED' })).toEqual([expect.objectContaining({ Session: chat.session })]);
});

test('a session is named by whoever speaks first, and a response before any request by itself', async () => {
  const { trace, chat, client, server } = await scene();
  const early = chat.ok(chat.tell('lost'));
  await carry(early, client, server);
  const first = chat.tell('hello');
  await carry(first, server, client);
  await carry(chat.ask('hello yourself'), client, server);
  const ids = [early, first, chat.ok(first)].map((message) => sessionOf(message));
  await carry(chat.ok(first), client, server);
  expect((await trace.message(early)).id).toBe(ids[0]);
  expect((await trace.message(first)).id).toBe(ids[1]);
  expect((await trace.message(chat.ok(first))).id).toBe(ids[1]);
  expect((await trace.until(({ payload }) => payload.includes('hello yourself'))).id).toBe(ids[1]);
});

test('more sessions than eight on a link: CLOSED for the first eight', async () => {
  const { trace, client, server } = await scene();
  const chats = Array.from({ length: 10 }, () => new Chat());
  for (const each of chats) await carry(each.ask('hello'), client, server);
  client.finish();
  server.finish();
  await trace.count(2 + 10 + 2 * 8);
  const closed = trace.events({ Event: 'CLOSED', Leg: 'upstream' });
  expect(closed.map(({ Session }) => Session)).toEqual(chats.slice(0, 8).map(({ session }) => session));
});

test('the id of a connection that never says a word is its link', async () => {
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

/** The session-id of the last To-Path URI. */
function sessionOf(message: Buffer): string {
  return /^To-Path: .*\/([^/;]+);tcp$/m.exec(message.toString().replaceAll('\r', ''))?.[1] ?? '';
}

function bodyOf(message: Buffer): string {
  const text = message.toString('latin1');
  return text.slice(text.indexOf('\r\n\r\n') + 4, text.lastIndexOf('\r\n-------'));
}
