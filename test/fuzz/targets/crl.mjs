// @ts-check
import { generateKeyPairSync } from 'node:crypto';
import { parseCrl } from '#src/net/tls-crl.js';
import { DER, elements } from '#src/net/tls-der.js';
import { check } from './check.mjs';

/** @import { Target } from '../target.mjs' */

/** @param {number} tag @param {readonly (Buffer | string)[]} parts hexadecimal digits, or what is made already */
function der(tag, ...parts) {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >>> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const ECDSA = der(DER.sequence, der(DER.objectIdentifier, '2a8648ce3d040302'));
const ED25519 = der(DER.sequence, der(DER.objectIdentifier, '2b6570'));
const NAME = der(DER.sequence, der(0x31, der(DER.sequence, der(DER.objectIdentifier, '550403'), der(0x0c, '4341'))));
const NOW = der(DER.utcTime, Buffer.from('261123101530Z'));
const NEXT = der(DER.generalizedTime, Buffer.from('20501123101530Z'));
const REASON = der(DER.sequence, der(DER.objectIdentifier, '551d15'), der(0x04, '0a0101'));
const DELTA = der(DER.sequence, der(DER.objectIdentifier, '551d1b'), der(DER.boolean, 'ff'), der(0x04, '020101'));
const REVOKED = der(
  DER.sequence,
  der(DER.sequence, der(DER.integer, '00c3'), NOW),
  der(DER.sequence, der(DER.integer, '0d'), NOW, der(DER.sequence, REASON)),
);

/** @param {Buffer} algorithm @param {readonly Buffer[]} rest of what is signed */
function crl(algorithm, ...rest) {
  return der(
    DER.sequence,
    der(DER.sequence, der(DER.integer, '01'), algorithm, NAME, ...rest),
    algorithm,
    der(DER.bitString, '00', Buffer.alloc(64, 1)),
  );
}

const { publicKey } = generateKeyPairSync('ed25519');

/** @type {Target} */
export const revocations = {
  name: 'crl',
  what: 'certificate revocation lists of crl_dir: a list with its times, or refused with what is wrong',
  seeds: [
    crl(ECDSA, NOW, NEXT, REVOKED),
    crl(ED25519, NOW, NEXT, REVOKED),
    crl(ED25519, NOW),
    crl(ECDSA, NOW, NEXT, der(DER.context0, der(DER.sequence, REASON))),
    crl(ECDSA, NOW, NEXT, der(DER.context0, der(DER.sequence, DELTA))),
  ],
  words: ['\x30', '\x30\x80', '\x30\x84', '\xa0', '\x17\x0d', '\x18\x0f', '\x01\x01\xff', '\x02\x01', '991332256199Z'],
  maxLength: 500,
  run(input) {
    /** @type {ReturnType<typeof parseCrl>} */
    let list;
    try {
      list = parseCrl(input);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      check(error.message !== '' && error.message.length < 3_000, 'a refusal says what is wrong');
      return;
    }
    const { thisUpdate, nextUpdate } = list;
    for (const time of [thisUpdate, nextUpdate ?? thisUpdate]) check(!Number.isNaN(time.getTime()), 'a time is one');
    const [whole] = elements(input);
    check(whole !== undefined && whole.whole.length <= input.length, 'a list is a part of the input');
    check(!list.isOf(publicKey), 'nobody can sign for a key');
  },
};
