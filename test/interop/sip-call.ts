/** A SIP call that agrees on an MSRP session, through Kamailio, which sends copies of it to Homer and to hep_input. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import { eventually } from '../helpers/eventually.js';
import { crlf, invite, sdp } from '../helpers/sip.js';
import { endpointOf, type TapProcess } from '../helpers/tap.js';
import type { Chat } from '../helpers/wire.js';
import { Kamailio } from './kamailio.js';

export async function udpSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

export type Transport = 'udp' | 'tcp';

/** Resolves when `tap` has learnt it. @param homerPort UDP @returns the Call-ID */
export async function callThroughKamailio(
  tap: TapProcess,
  chat: Chat,
  { transport, homerPort }: { readonly transport: Transport; readonly homerPort: number },
): Promise<string> {
  const ready = tap.log.find(({ msg }) => msg === 'ready');
  const { port } = endpointOf(String(ready?.['hep_input']).replace(/^\w+:/, ''));
  const uri = `sip:127.0.0.1:${port}${transport === 'tcp' ? ';transport=tcp' : ''}`;
  const kamailio = await Kamailio.start('siptrace.cfg', [
    `INPUT_URI="${uri}"`,
    `HOMER_URI="sip:127.0.0.1:${homerPort}"`,
  ]);
  onTestFinished(() => kamailio.stop());

  const [caller, callee] = [await udpSocket(), await udpSocket()];
  const callId = `${chat.session}@127.0.0.1`;
  const offer = invite(
    { callId, sessions: chat.session.replace(/^to/, 'from') },
    `sip:bob@127.0.0.1:${callee.address().port}`,
  );
  const rings = once(callee, 'message');
  caller.send(offer, kamailio.port, '127.0.0.1');
  const [request, from] = (await rings) as [Buffer, RemoteInfo];
  callee.send(accepted(request.toString(), chat.session), from.port, from.address);
  // The session-ids of the offer and of the answer.
  await eventually(() => tap.metric('correlations')).toBe(2);
  expect(await tap.metric('hep_input_packets_total', { result: 'malformed' })).toBe(0);
  return callId;
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
