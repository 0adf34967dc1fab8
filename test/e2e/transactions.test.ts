/** Requests and their responses, as metrics and Homer tell of them. */
import { describe, expect, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { scene } from '../helpers/scene.js';
import { startTap, TapProcess, type Tap } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';

/** Milliseconds. */
const SOON = 200;

const idOf = (request: Buffer): string => request.toString('latin1').split(' ', 2)[1] ?? '';

test('transaction_timeout: a request that nobody answers', async () => {
  const { trace, tap, hop, chat, client, server } = await scene({ transaction_timeout: SOON });
  const [lost, back] = [chat.ask('lost'), chat.tell('lost too')];
  await carry(lost, client, server);
  const timedOut = { Event: 'TRANSACTION', Status: 'FAILURE', Reason: 'transaction_timeout' } as const;
  const event = await trace.event(timedOut);
  const near = `127.0.0.1:${tap.socket.port}`;
  expect(event).toMatchObject({
    Protocol: 'MSRP',
    Message: 'no response within transaction_timeout',
    Leg: 'downstream',
    Source: client.address,
    Destination: near,
    Session: chat.session,
    Method: 'SEND',
    TransactionId: idOf(lost),
  });
  const [accepted] = trace.events({ Event: 'ACCEPTED' });
  expect(event.Link).toBe(accepted?.Link);
  expect(event.Age).toBeGreaterThanOrEqual(SOON / 1_000);
  expect(event.Age).toBeLessThan(60);
  const packet = trace.packets.find(({ event: each }) => each === event);
  expect(packet).toMatchObject({ source: client.address, destination: near, id: chat.session });

  await carry(back, server, client);
  expect(await trace.event({ ...timedOut, Leg: 'upstream' })).toMatchObject({
    Source: hop.address,
    Destination: server.remote,
    TransactionId: idOf(back),
  });
  for (const direction of ['up', 'down']) {
    expect(await tap.metric('transactions_timed_out_total', { direction, method: 'SEND' })).toBe(1);
  }
  expect(await tap.metric('transactions_timed_out_total')).toBe(2);
  expect(await tap.metric('transaction_duration_seconds_count')).toBe(0);
  expect(await tap.metric('transactions_open')).toBe(0);
  expect(tap.logged('a request got no response')).toBe(2);
  // What comes too late is passed on as ever.
  await carry(chat.ok(lost), server, client);
});

describe.each<{ name: string; workers: number; start: (upstream: string) => Promise<Tap> }>([
  { name: 'one process', workers: 1, start: (upstream) => startTap({ upstream }) },
  { name: 'two workers', workers: 2, start: (upstream) => TapProcess.start({ upstream, workers: 2 }) },
])('the metrics of $name', ({ workers, start }) => {
  test('tell how long transactions took, and which are open', async () => {
    const hop = await NextHop.start();
    const tap = await start(hop.url);
    for (let i = 0; i < workers; i += 1) {
      const { client, server } = await linkThrough(tap.socket, hop);
      const chat = new Chat();
      const [bind, hello, answer, silent, open] = [
        chat.ask(),
        chat.ask('hello'),
        chat.tell('answer'),
        chat.ask({ body: 'silent', headers: [['Failure-Report', 'partial']] }),
        chat.ask('open'),
      ];
      await carry(bind, client, server);
      await carry(chat.ok(bind), server, client);
      await carry(hello, client, server);
      await carry(answer, server, client);
      await carry(silent, client, server);
      await carry(Buffer.concat([chat.ok(answer), open]), client, server);
      await carry(chat.ok(hello), server, client);
    }
    const figure = (part: string, labels = {}): Promise<number> =>
      tap.metric(`transaction_duration_seconds_${part}`, { method: 'SEND', ...labels });
    await eventually(() => figure('count')).toBe(3 * workers);
    expect(await figure('bucket', { le: '+Inf' })).toBe(3 * workers);
    expect(await figure('sum')).toBeGreaterThan(0);
    expect(await tap.metric('transaction_duration_seconds_count', { method: 'NICKNAME' })).toBe(0);
    expect(await tap.metric('transactions_open')).toBe(workers);
    expect(await tap.metric('transactions_timed_out_total')).toBe(0);
    const { body } = await tap.http('/metrics');
    expect(body.match(/^# TYPE msrptap_transaction_duration_seconds histogram$/gm)).toHaveLength(1);
    const buckets = [...body.matchAll(/^msrptap_transaction_duration_seconds_bucket\{.*method="SEND".*\} (\d+)$/gm)];
    const counts = buckets.map(([, count]) => Number(count));
    expect(counts).toHaveLength(18);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  });
});

test('transaction_timeout: 0 waits for nothing', async () => {
  const { tap, chat, client, server } = await scene({ transaction_timeout: 0 });
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  expect(await tap.metric('transactions_open')).toBe(0);
  await carry(chat.ok(hello), server, client);
  expect(await tap.metric('transaction_duration_seconds_count')).toBe(0);
});
