/** sngrep gets over UDP what msrptap mirrors, octet by octet. */
import { expect, test } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { dial, NextHop } from '../helpers/endpoint.js';
import { TapProcess } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { conversation, converse, hangUp, newSession } from './conversation.js';
import { Sngrep } from './sngrep.js';

/** ACCEPTED, CONNECTED, and CLOSED of both connections. */
const EVENTS = 4;

test('a conversation, with its times and addresses', async () => {
  const sngrep = await Sngrep.start();
  const witness = await Trace.start();
  const nextHop = await NextHop.start();
  const tap = await TapProcess.start({
    upstream: nextHop.url,
    proto_msrp: { trace_on: 1, trace_destination: ['sngrep', 'witness'], trace_body: 'full' },
    proto_hep: {
      hep_id: [`[sngrep]127.0.0.1:${sngrep.port};transport=udp`, `[witness]127.0.0.1:${witness.port}`],
    },
  });
  const said = conversation(newSession());
  const client = await dial(tap.socket);
  const callee = await nextHop.accept();
  await converse(client, callee, said);
  await hangUp(client, callee);
  const captured = await sngrep.received(said.length + EVENTS);

  const packets = captured.map(({ payload, ...packet }) => ({ ...packet, payload: payload.toString('latin1') }));
  const messages = packets.filter(({ payload }) => payload.startsWith('MSRP '));
  expect(messages.map(({ source, destination, payload }) => ({ source, destination, payload }))).toEqual(
    said.map(({ by, octets }) => {
      const [source, destination] = by === 'client' ? [client, callee] : [callee, client];
      return { source: source.address, destination: destination.address, payload: octets.toString('latin1') };
    }),
  );
  const sent = (await witness.count(said.length + EVENTS)).toSorted((a, b) => a.time - b.time);
  expect(packets).toEqual(
    sent.map(({ source, destination, time, payload }) => ({
      source,
      destination,
      time,
      payload: payload.toString('latin1'),
    })),
  );
  expect(packets[0]).toMatchObject({ source: client.address, destination: formatEndpoint(tap.socket) });
});
