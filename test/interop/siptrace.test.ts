/** Kamailio sends the copy of SIP that it makes for Homer to hep_input too: MSRP is traced with the call. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { carry, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { crlf, invite, sdp } from '../helpers/sip.js';
import { endpointOf, TapProcess } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';
import { Kamailio } from './kamailio.js';

async function userAgent(): Promise<Socket> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** The 200 to a request, whose header fields it repeats [RFC 3261 §8.2.6.2]. */
function accepted(request: string, session: string): string {
  const repeated = request.split('\r\n').filter((line) => /^(?:Via|From|To|Call-ID|CSeq):/i.test(line));
  const body = sdp(session);
  return crlf(
    `SIP/2.0 200 OK\n${repeated.join('\n').replace(/^To:.*$/m, '$&;tag=a6c85cf')}\nContact: <sip:bob@127.0.0.1>\n` +
      `Content-Type: application/sdp\nContent-Length: ${body.length}\n\n${body}`,
  );
}

test.each(['udp', 'tcp'])('a call through Kamailio, and its chat, over %s', async (transport) => {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  trace.isCorrelated = true;
  const tap = await TapProcess.start({ upstream: hop.url, trace, hep_input: `${transport}:127.0.0.1:0` });
  const ready = tap.log.find(({ msg }) => msg === 'ready');
  const { port } = endpointOf(String(ready?.['hep_input']).replace(/^\w+:/, ''));
  const uri = `sip:127.0.0.1:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
  const homer = await userAgent();
  const copied = once(homer, 'message');
  const kamailio = await Kamailio.start('siptrace.cfg', [
    `INPUT_URI="${uri}"`,
    `HOMER_URI="sip:127.0.0.1:${homer.address().port}"`,
  ]);
  onTestFinished(() => kamailio.stop());

  const [caller, callee] = [await userAgent(), await userAgent()];
  const chat = new Chat();
  const callId = `${chat.session}@127.0.0.1`;
  const offer = invite(
    { callId, sessions: chat.session.replace(/^to/, 'from') },
    `sip:bob@127.0.0.1:${callee.address().port}`,
  );
  const rings = once(callee, 'message');
  caller.send(offer, kamailio.port, '127.0.0.1');
  const [request, from] = (await rings) as [Buffer, RemoteInfo];
  callee.send(accepted(request.toString(), chat.session), from.port, from.address);

  await copied;
  await eventually(() => tap.metric('correlations')).toBe(2);
  expect(await tap.metric('hep_input_packets_total', { result: 'malformed' })).toBe(0);
  const { client, server } = await linkThrough(tap.socket, hop);
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
  await eventually(() => trace.packets.length).toBe(4);
  expect(new Set(trace.packets.map(({ id }) => id))).toEqual(new Set([callId]));
});
