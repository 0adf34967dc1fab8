// @ts-check
import { decodeHep } from '#src/hep/decode.js';
import { HepInput } from '#src/hep-input.js';
import { IDENTIFIER } from '#src/lib/identifier.js';
import { silentLog } from '#src/lib/log.js';
import { readCall } from '#src/sip/call.js';
import { check, crlf, orRefused } from './check.mjs';
import { HEP_WORDS, hepPacket } from './hep-packets.mjs';

/** @import { Target } from '../target.mjs' */

const SDP = `v=0
o=a 1 1 IN IP4 192.0.2.1
s=-
c=IN IP4 192.0.2.1
t=0 0
m=message 2855 TCP/MSRP *
a=accept-types:text/plain
a=path:msrp://192.0.2.9:2855/relay;tcp msrp://192.0.2.1:2855/s1;tcp
`;
const INVITE = crlf(`INVITE sip:b@example.com SIP/2.0
Via: SIP/2.0/UDP a.example.com
Call-ID: call-1@a.example.com
Content-Type: application/sdp
Content-Length: ${SDP.length + SDP.split('\n').length - 1}

${SDP}`);
const MULTIPART = crlf(`SIP/2.0 200 OK
i: call-2
c: multipart/mixed;boundary="b1"

--b1
Content-Type: text/plain

x
--b1
Content-Type: application/sdp

${SDP}
--b1--
`);
const RECEIVER = { transport: /** @type {const} */ ('udp'), ip: '127.0.0.1', port: 0, from: null, auth_key: null };

/** @type {Target} */
export const hepInput = {
  name: 'hep-input',
  what: 'the HEP copy of SIP: which call a session is of',
  seeds: [INVITE, MULTIPART, hepPacket(INVITE, 1), hepPacket(MULTIPART, 1)],
  words: [
    ...HEP_WORDS,
    'a=path:',
    'msrp://',
    'Call-ID: ',
    'i: ',
    'c: ',
    'l: 5',
    'application/sdp',
    'multipart/mixed',
    'boundary=',
    '--b1',
    '--b1--',
    '\r\n\r\n',
    '\r\n ',
    'SIP/2.0',
  ],
  maxLength: 1_500,
  run(input) {
    /** @type {string[]} */
    const learnt = [];
    // The second of an Allowance is not for this many.
    const receiver = new HepInput(RECEIVER, (session, call) => learnt.push(session, call), silentLog);
    orRefused(() => receiver.receive(input), ['hep_malformed', 'sip_malformed']);
    orRefused(() => readCall(input), ['sip_malformed']);
    const packet = orRefused(() => decodeHep(input), ['hep_malformed']);
    if ('code' in packet) check(learnt.length === 0, 'nothing is learnt from what is no HEP');
    for (const id of learnt) check(IDENTIFIER.test(id), 'what is learnt is an identifier');
  },
};
