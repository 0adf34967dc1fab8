/** What docs/homer.md says of settings: which table a type goes to, both legs against deduplication, what stands in clear. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hepPacket } from '../commands/hep-encoder.js';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import type { Setup } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';
import { Homer, isEvent, type StoredRow } from './homer.js';
import { startTraced } from './traced.js';

/** Says hello. @returns what is stored of it, and of its connection */
async function said(
  homer: Homer,
  setup: Pick<Setup, 'proto_msrp' | 'proto_hep'>,
  { rows, table }: { readonly rows: number; readonly table?: string },
): Promise<{ readonly stored: readonly StoredRow[]; readonly hello: string }> {
  const nextHop = await NextHop.start();
  const { tap, node } = await startTraced(homer, 'tcp', { upstream: nextHop.url, ...setup });
  const { client, server } = await linkThrough(tap.socket, nextHop);
  const hello = new Chat().ask('hello');
  await carry(hello, client, server);
  const stored = await homer.stored(rows, node, table);
  return { stored, hello: hello.toString() };
}

function typesOf(rows: readonly StoredRow[]): readonly number[] {
  return rows.map(({ protocol_header }) => protocol_header.payloadType);
}

describe('as Homer is installed', () => {
  let homer: Homer;
  beforeAll(async () => {
    homer = await Homer.start();
  });
  afterAll(() => homer.stop());

  test('both legs are two rows', async () => {
    const { stored, hello } = await said(homer, { proto_msrp: { trace_legs: 'both' } }, { rows: 4 });
    expect(stored.filter(({ raw }) => raw === hello)).toHaveLength(2);
  });

  test('types of OpenSIPS share the table of whatever has none of its own', async () => {
    const proto_hep = { hep_payload_type: { events: 89, messages: 110 } };
    const { stored } = await said(homer, { proto_hep }, { rows: 3, table: 'hep_proto_35_default' });
    expect(typesOf(stored.filter(isEvent))).toEqual([89, 89]);
    expect(typesOf(stored.filter((row) => !isEvent(row)))).toEqual([110]);
  });

  test('the key stands in each row', async () => {
    const { stored } = await said(homer, { proto_hep: { hep_auth_key: 'for all to read' } }, { rows: 3 });
    expect(stored.map(({ protocol_header }) => protocol_header.capturePass)).toEqual(
      stored.map(() => 'for all to read'),
    );
  });

  test('the clock of the sender decides: a packet of another day is not stored', async () => {
    const lastYear = Math.floor(Date.now() / 1_000) - 365 * 24 * 3_600;
    const socket = connect(homer.server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end(hepPacket({ seconds: lastYear, correlationId: 'late', payload: 'MSRP late SEND' }));
    await once(socket.resume(), 'close');
    await expect.poll(() => homer.server.logged('no partition of relation'), { timeout: 15_000 }).toBe(1);
  });

  // `msrptap check` warns of it.
  test('a name with a quotation mark in it costs every row', async () => {
    const nextHop = await NextHop.start();
    const proto_hep = { hep_node_name: 'the "tap"' };
    const { tap, witness } = await startTraced(homer, 'tcp', { upstream: nextHop.url, proto_hep });
    const { client, server } = await linkThrough(tap.socket, nextHop);
    await carry(new Chat().ask('hello'), client, server);
    await witness.count(3);
    await expect.poll(() => homer.server.logged('invalid input syntax for type json'), { timeout: 15_000 }).toBe(3);
  });
});

describe('with Dedup', () => {
  let homer: Homer;
  beforeAll(async () => {
    homer = await Homer.start({ Dedup: true });
  });
  afterAll(() => homer.stop());

  test('the second leg is dropped', async () => {
    const nextHop = await NextHop.start();
    const { tap, node } = await startTraced(homer, 'tcp', {
      upstream: nextHop.url,
      proto_msrp: { trace_legs: 'both' },
    });
    const { client, server } = await linkThrough(tap.socket, nextHop);
    const chat = new Chat();
    const [hello, goodbye] = [chat.ask('hello'), chat.ask('goodbye')];
    await carry(hello, client, server);
    await homer.stored(3, node);
    await carry(goodbye, client, server);
    const rows = await homer.stored(4, node);
    expect(rows.filter((row) => !isEvent(row)).map(({ raw }) => raw)).toEqual([hello.toString(), goodbye.toString()]);
  });
});
