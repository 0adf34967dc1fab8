// @ts-check
import { MAX_HELLO, readOpening } from '#src/net/client-hello.js';
import { check, same } from './check.mjs';

/** @import { Target } from '../target.mjs' */

/** @param {number} octets @param {readonly Buffer[]} parts their length before them */
function vector(octets, ...parts) {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(octets);
  length.writeUIntBE(content.length, 0, octets);
  return Buffer.concat([length, content]);
}

/** @param {Buffer} message */
const record = (message) => Buffer.concat([Buffer.from([22, 3, 1]), vector(2, message)]);

/** [RFC 8446 §4.1.2] @param {string} name */
function hello(name) {
  const serverName = Buffer.concat([
    Buffer.from([0, 0]),
    vector(2, vector(2, Buffer.from([0]), vector(2, Buffer.from(name)))),
  ]);
  const others = Buffer.concat([Buffer.from([0, 43]), vector(2, vector(1, Buffer.from([3, 4])))]);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    vector(1),
    vector(2, Buffer.from([0x13, 1])),
    vector(1, Buffer.from([0])),
    vector(2, others, serverName),
  ]);
  return Buffer.concat([Buffer.from([1]), vector(3, body)]);
}

const HELLO = hello('chat.example.com');

/** @type {Target} */
export const clientHello = {
  name: 'client-hello',
  what: 'the first octets of TLS: decided once, whatever comes behind them',
  seeds: [
    record(HELLO),
    Buffer.concat([record(HELLO.subarray(0, 20)), record(HELLO.subarray(20))]),
    record(hello('')),
    record(hello('a'.repeat(255))),
    record(hello('a'.repeat(256))),
    Buffer.from('MSRP '),
  ],
  words: ['\x16\x03\x01', '\x01\0\0', '\0\0', '\x03\x03', '\0\x10', '\xff\xff'],
  maxLength: 700,
  run(input) {
    if (input.length === 0) return;
    const opening = readOpening(input);
    if (opening.kind === 'hello') check(opening.sni.length <= 255, 'no name is longer than one can be');
    if (opening.kind !== 'partial')
      same(readOpening(Buffer.concat([input, Buffer.alloc(9, 22)])), opening, 'what is decided stays');
    else check(input.length <= MAX_HELLO, 'it is not waited for more for ever');
  },
};
