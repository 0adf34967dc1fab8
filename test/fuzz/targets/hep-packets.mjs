// @ts-check
/** HEP packets to begin with. */

/** @param {number} type @param {Buffer} value */
function part(type, value) {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(6 + value.length, 4);
  return Buffer.concat([head, value]);
}

/** @param {string | Buffer} payload @param {number} payloadType @param {string} family hex of both addresses */
export function hepPacket(payload, payloadType, family = '7f0000017f000002') {
  const addresses = Buffer.from(family, 'hex');
  const half = addresses.length / 2;
  const [source, destination] = half === 4 ? [3, 4] : [5, 6];
  const parts = Buffer.concat([
    part(1, Buffer.from([half === 4 ? 2 : 10])),
    part(2, Buffer.from([6])),
    part(source, addresses.subarray(0, half)),
    part(destination, addresses.subarray(half)),
    part(7, Buffer.from([0x0b, 0x27])),
    part(8, Buffer.from([0x0b, 0x28])),
    part(9, Buffer.from([0x65, 0, 0, 0])),
    part(10, Buffer.from([0, 1, 2, 3])),
    part(11, Buffer.from([payloadType])),
    part(12, Buffer.from([0, 0, 0, 1])),
    part(14, Buffer.from('key')),
    part(17, Buffer.from('to.1')),
    part(19, Buffer.from('tap1')),
    part(15, Buffer.from(payload)),
  ]);
  const head = Buffer.from('HEP3\0\0');
  head.writeUInt16BE(6 + parts.length, 4);
  return Buffer.concat([head, parts]);
}

export const HEP_WORDS = [
  'HEP3',
  '\0\0\0\x0f',
  '\0\0\0\x01',
  '\0\0\0\x11',
  '\0\x06',
  '\0\0\0\x0b\0\x07\x01',
  '\xff\xff',
  '\0\0\0\x03\0\x0a',
];
