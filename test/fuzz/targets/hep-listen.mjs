// @ts-check
import { packetJson, packetLine } from '#src/commands/packet-line.js';
import { decodeHep } from '#src/hep/decode.js';
import { HepStream } from '#src/hep/stream.js';
import { check, orRefused, pieces, same } from './check.mjs';
import { HEP_WORDS, hepPacket } from './hep-packets.mjs';

/** @import { Target } from '../target.mjs' */

const FROM = { ip: '127.0.0.1', port: 9060 };

/** A line's length is bounded, and nothing in it moves a cursor. */
const MOST_OF_A_LINE = 1_000;
const CONTROLS = /\p{Cc}/u;

/** @param {readonly Buffer[]} reads */
function packetsIn(reads) {
  const stream = new HepStream();
  /** @type {Buffer[]} */
  const packets = [];
  const end = orRefused(() => {
    for (const read of reads) {
      stream.push(read, (packet) => packets.push(Buffer.from(packet)));
      read.fill(0xd5);
    }
  }, ['hep_malformed']);
  return { packets, end };
}

const EVENT =
  '{"Protocol":"MSRP","Event":"CLOSED","Status":"FAILURE","Message":"m","Leg":"upstream","Reason":"reset","BytesIn":5}';
const MESSAGE =
  'MSRP a786 SEND\r\nTo-Path: msrp://b:1/x;tcp\r\nFrom-Path: msrp://a:1/y;tcp\r\nContent-Type: text/plain\r\n\r\nHello\r\n-------a786$\r\n';

/** @type {Target} */
export const hepListen = {
  name: 'hep-listen',
  what: 'HEP over TCP in any pieces, decoded, as a line and as JSON for a terminal',
  seeds: [
    hepPacket(EVENT, 100),
    hepPacket(MESSAGE, 100),
    hepPacket(MESSAGE, 100, '20010db800000000000000000000000120010db8000000000000000000000002'),
    Buffer.concat([Buffer.from('HEP3\0\x06'), hepPacket(EVENT, 100), hepPacket('x', 1)]),
  ],
  words: [...HEP_WORDS, '"Event":"CONNECTED"', 'MSRP ', '\x1b[2J', '\u202e', 'Reason'],
  maxLength: 1_500,
  run(input) {
    const whole = packetsIn([Buffer.from(input)]);
    same(packetsIn(pieces(input)), whole, 'the packets of one read and of many');
    // A datagram is taken as it is.
    for (const octets of [input, ...whole.packets]) {
      const decoded = orRefused(() => decodeHep(octets), ['hep_malformed']);
      if ('code' in decoded) continue;
      const { line } = packetLine(decoded.result);
      check(!CONTROLS.test(line), 'a line without controls');
      check(line.length < MOST_OF_A_LINE, 'a line of bounded length');
      const json = packetJson(decoded.result, FROM);
      check(!CONTROLS.test(json), 'JSON without controls');
      JSON.parse(json);
    }
  },
};
