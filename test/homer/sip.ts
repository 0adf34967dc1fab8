/** SIP as heplify or a SIP server's own capture would send it to Homer: an INVITE and its 200, with MSRP in their SDPs. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { hepPacket } from '../commands/hep-encoder.js';
import type { Homer } from './homer.js';

export interface Call {
  readonly callId: string;
  /** The paths of the offer and of the answer, as they stand in the SDP. */
  readonly offer: string;
  readonly answer: string;
}

export function newCall(offer: string, answer: string): Call {
  return { callId: `${randomBytes(8).toString('hex')}@alice.example.com`, offer, answer };
}

/** Where the session-id of an MSRP session may stand in a call. */
export const SESSION_IN: readonly { readonly in: string; readonly callOf: (session: string) => Call }[] = [
  {
    in: 'the answer',
    callOf: (session) =>
      newCall('msrp://a.example.com:7654/offered.1;tcp', `msrp://b.example.com:12763/${session};tcp`),
  },
  {
    in: 'the offer',
    callOf: (session) =>
      newCall(`msrp://a.example.com:7654/${session};tcp`, 'msrp://b.example.com:12763/answered.1;tcp'),
  },
  {
    in: 'a path behind a relay, over TLS',
    callOf: (session) =>
      newCall(
        'msrps://a.example.com:7654/offered.2;tcp',
        `msrps://relay.example.com:2855/AtTheRelay;tcp MSRPS://bob@[2001:db8::2]:12763/${session};tcp`,
      ),
  },
];

const CALLER = '0a000001';
const CALLEE = '0a000002';
const SIP_PORT = 5_060;

/** Sends both, and resolves when they are stored. */
export async function sendCall(homer: Homer, call: Call): Promise<void> {
  const node = `sip-${randomBytes(6).toString('hex')}`;
  const seconds = Math.floor(Date.now() / 1_000);
  const common = { type: 1, nodeName: node, sourcePort: SIP_PORT, destinationPort: SIP_PORT, seconds };
  const packets = [
    hepPacket({ ...common, source: CALLER, destination: CALLEE, microseconds: 1, payload: invite(call) }),
    hepPacket({ ...common, source: CALLEE, destination: CALLER, microseconds: 2, payload: ok(call) }),
  ];
  const socket = connect(homer.server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.end(Buffer.concat(packets));
  await once(socket.resume(), 'close');
  await homer.stored(packets.length, node, 'hep_proto_1_call');
}

function invite({ callId, offer }: Call): string {
  return sip('INVITE sip:bob@example.com SIP/2.0', 'To: <sip:bob@example.com>', callId, offer);
}

function ok({ callId, answer }: Call): string {
  return sip('SIP/2.0 200 OK', 'To: <sip:bob@example.com>;tag=b', callId, answer);
}

function sip(startLine: string, to: string, callId: string, path: string): string {
  const sdp = [
    'v=0',
    'o=- 1 1 IN IP4 10.0.0.1',
    's=-',
    'c=IN IP4 10.0.0.1',
    't=0 0',
    'm=message 2855 TCP/MSRP *',
    'a=accept-types:message/cpim text/plain',
    `a=path:${path}`,
    '',
  ].join('\r\n');
  return [
    startLine,
    'Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1',
    'From: <sip:alice@example.com>;tag=a',
    to,
    `Call-ID: ${callId}`,
    'CSeq: 1 INVITE',
    'Content-Type: application/sdp',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}
