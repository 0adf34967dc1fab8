/** Kamailio sends the copy of SIP that it makes for Homer to hep_input too: MSRP is traced with the call. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { TapProcess } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';
import { callThroughKamailio, udpSocket } from './sip-call.js';

test.each(['udp', 'tcp'] as const)('a call through Kamailio, and its chat, over %s', async (transport) => {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  trace.isCorrelated = true;
  const tap = await TapProcess.start({ upstream: hop.url, trace, hep_input: `${transport}:127.0.0.1:0` });
  const homer = await udpSocket();
  const copied = once(homer, 'message');
  const chat = new Chat();
  const callId = await callThroughKamailio(tap, chat, { transport, homerPort: homer.address().port });
  await copied;

  const { client, server } = await linkThrough(tap.socket, hop);
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
  await eventually(() => trace.packets.length).toBe(4);
  expect(new Set(trace.packets.map(({ id }) => id))).toEqual(new Set([callId]));
});
