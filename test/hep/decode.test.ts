import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHep } from '#src/hep/decode.js';
import { HepStream } from '#src/hep/stream.js';
import { MsrptapError } from '#src/lib/errors.js';

const MALFORMED = expect.objectContaining({ code: 'hep_malformed' });

function tlv(type: number, value: Buffer | string, vendor = 0): Buffer {
  const header = Buffer.alloc(6);
  header.writeUInt16BE(vendor);
  header.writeUInt16BE(type, 2);
  header.writeUInt16BE(6 + value.length, 4);
  return Buffer.concat([header, Buffer.from(value)]);
}

function hep(...tlvs: Buffer[]): Buffer {
  const body = Buffer.concat(tlvs);
  const header = Buffer.from('HEP3\0\0', 'latin1');
  header.writeUInt16BE(6 + body.length, 4);
  return Buffer.concat([header, body]);
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const FULL = [
  tlv(1, hex('02')),
  tlv(2, hex('11')),
  tlv(3, hex('c0000201')),
  tlv(4, hex('c6336402')),
  tlv(7, hex('0b27')),
  tlv(8, hex('9c40')),
  tlv(9, hex('6553f100')),
  tlv(10, hex('0001e240')),
  tlv(11, hex('64')),
  tlv(12, hex('ffffffff')),
  tlv(14, 'key'),
  tlv(19, 'tap'),
  tlv(17, 'session'),
  tlv(15, hex('00ff80')),
];

describe('decodeHep', () => {
  test('reads every field', () => {
    expect(decodeHep(hep(...FULL))).toEqual({
      family: 2,
      protocol: 17,
      source: { ip: '192.0.2.1', port: 2855 },
      destination: { ip: '198.51.100.2', port: 40_000 },
      timeMicros: 1_700_000_000_123_456,
      payloadType: 100,
      captureId: 0xffffffff,
      authKey: 'key',
      nodeName: 'tap',
      correlationId: 'session',
      payload: hex('00ff80'),
    });
  });

  test('reads IPv6 addresses, a mapped one as it is written', () => {
    const packet = hep(
      tlv(1, hex('0a')),
      tlv(5, hex('20010db8000000000000000000000001')),
      tlv(6, hex('00000000000000000000ffffc0000201')),
    );
    expect(decodeHep(packet)).toMatchObject({
      family: 10,
      source: { ip: '2001:db8::1' },
      destination: { ip: '::ffff:192.0.2.1' },
    });
  });

  test('passes over types that it does not know, and those of vendors', () => {
    const packet = hep(
      tlv(0x7777, 'what'),
      tlv(15, 'of a vendor', 14),
      ...FULL,
      tlv(17, 'also', 0xffff),
      tlv(0x12, hex('0001')),
    );
    expect(decodeHep(packet)).toEqual(decodeHep(hep(...FULL)));
  });

  test('has defaults for what is not there', () => {
    expect(decodeHep(hep())).toEqual({
      family: 0,
      protocol: 0,
      source: { ip: '0.0.0.0', port: 0 },
      destination: { ip: '0.0.0.0', port: 0 },
      timeMicros: 0,
      payloadType: 0,
      captureId: 0,
      payload: Buffer.alloc(0),
    });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['another protocol', Buffer.from('HEP2\0\x06', 'latin1')],
    ['a total that is too long', Buffer.from('HEP3\0\x07', 'latin1')],
    ['a total that is too short', Buffer.concat([hep(), Buffer.from('x')])],
    ['a total of 0', Buffer.from('HEP3\0\0', 'latin1')],
    ['a length of 0', hep(hex('000000010000'))],
    ['a length below a header', hep(hex('000000010005'))],
    ['a length beyond the end', hep(hex('00000001000802'))],
    ['a header that is cut off', hep(tlv(1, hex('02')), hex('0000000100'))],
    ['an address of 3 octets', hep(tlv(3, hex('c00002')))],
    ['an IPv6 address of 4 octets', hep(tlv(5, hex('c0000201')))],
    ['a port of 1 octet', hep(tlv(7, hex('01')))],
    ['a time of 8 octets', hep(tlv(9, hex('0000000000000000')))],
  ])('refuses %s', (_, packet) => {
    expect(() => decodeHep(packet)).toThrow(MALFORMED);
  });

  test('any octets are decoded or refused', () => {
    const almost = fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })).map(([at, value]) => {
      const packet = hep(...FULL);
      packet[at % packet.length] = value;
      return packet;
    });
    const noise = fc.uint8Array({ maxLength: 200 }).map((octets) => hep(Buffer.from(octets)));
    fc.assert(
      fc.property(fc.oneof(almost, noise), (packet) => {
        expect(['decoded', 'hep_malformed']).toContain(outcome(packet));
      }),
    );
  });
});

function outcome(packet: Buffer): string {
  try {
    decodeHep(packet);
    return 'decoded';
  } catch (error) {
    return error instanceof MsrptapError ? error.code : String(error);
  }
}

describe('HepStream', () => {
  const KEEP_ALIVE = Buffer.from('HEP3\0\x06', 'latin1');
  const packets = [hep(tlv(15, 'one')), hep(tlv(15, Buffer.alloc(60_000, 2))), hep(tlv(15, 'three'))];
  const sent = Buffer.concat([KEEP_ALIVE, ...packets.flatMap((packet) => [packet, KEEP_ALIVE])]);

  test('gives whole packets however the bytes are cut, and no keep-alive', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(sent.length), { maxLength: 30 }), (cuts) => {
        const stream = new HepStream();
        const got: Buffer[] = [];
        let from = 0;
        for (const to of [...cuts.toSorted((a, b) => a - b), sent.length]) {
          // A buffer that is overwritten afterwards, as by the next read.
          const read = Buffer.from(sent.subarray(from, to));
          stream.push(read, (packet) => got.push(packet));
          read.fill(0xee);
          from = to;
        }
        expect(Buffer.concat(got).equals(Buffer.concat(packets))).toBe(true);
        expect(got.map(({ length }) => length)).toEqual(packets.map(({ length }) => length));
      }),
    );
  });

  test('byte by byte', () => {
    const stream = new HepStream();
    const small = hep(tlv(15, 'one'));
    const got: Buffer[] = [];
    for (const octet of Buffer.concat([KEEP_ALIVE, small, small])) {
      stream.push(Buffer.of(octet), (packet) => got.push(packet));
    }
    expect(got).toEqual([small, small]);
  });

  test.each([
    ['another protocol', Buffer.from('HTTP/1.1')],
    ['another protocol at its first octet', Buffer.from('G')],
    ['a packet shorter than its header', Buffer.from('HEP3\0\x05', 'latin1')],
    ['something else behind a packet', Buffer.concat([packets[0] ?? KEEP_ALIVE, Buffer.from('\r\n')])],
  ])('refuses %s', (_, bytes) => {
    expect(() => new HepStream().push(bytes, () => {})).toThrow(MALFORMED);
  });

  test('gives the packets that come before what is wrong, however they are cut', () => {
    const got: Buffer[] = [];
    const bytes = Buffer.concat([...packets, Buffer.from('garbage')]);
    expect(() => new HepStream().push(bytes, (packet) => got.push(packet))).toThrow(MALFORMED);
    expect(got.map(({ length }) => length)).toEqual(packets.map(({ length }) => length));
  });
});
