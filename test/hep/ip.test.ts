import { describe, expect, test } from 'vitest';
import { addressPair, ipBytes, ipText } from '#src/hep/ip.js';

/** Text and octets, from the examples of RFC 4291 §2.2 and §2.5, RFC 5952 §1, §2 and §4, and RFC 6052. */
const ADDRESSES: readonly [text: string, octets: string][] = [
  ['127.0.0.1', '7f000001'],
  ['255.255.255.255', 'ffffffff'],
  ['0.0.0.0', '00000000'],
  ['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789', 'abcdef0123456789abcdef0123456789'],
  ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
  ['2001:DB8::8:800:200C:417A', '20010db80000000000080800200c417a'],
  ['FF01:0:0:0:0:0:0:101', 'ff010000000000000000000000000101'],
  ['FF01::101', 'ff010000000000000000000000000101'],
  ['0:0:0:0:0:0:0:1', '00000000000000000000000000000001'],
  ['::1', '00000000000000000000000000000001'],
  ['::', '00000000000000000000000000000000'],
  ['0:0:0:0:0:0:13.1.68.3', '0000000000000000000000000d014403'],
  ['::13.1.68.3', '0000000000000000000000000d014403'],
  ['0:0:0:0:0:FFFE:129.144.52.38', '00000000000000000000fffe81903426'],
  ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
  ['2001:db8:0:0:1:0:0:1', '20010db8000000000001000000000001'],
  ['2001:0db8:0:0:1:0:0:1', '20010db8000000000001000000000001'],
  ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
  ['2001:db8::0:1:0:0:1', '20010db8000000000001000000000001'],
  ['2001:db8:aaaa:bbbb:cccc:dddd::1', '20010db8aaaabbbbccccdddd00000001'],
  ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
  ['2001:db8::1:1:1:1:1', '20010db8000000010001000100010001'],
  ['1::', '00010000000000000000000000000000'],
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ['fe80::1:0%2', 'fe800000000000000000000000010000'],
];

describe('ipBytes', () => {
  test.each(ADDRESSES)('%s is %s', (text, octets) => {
    expect(ipBytes(text).toString('hex')).toBe(octets);
  });

  test('an IPv4 address as a dual-stack socket shows it is an IPv4 address', () => {
    expect(ipBytes('::ffff:192.0.2.1').toString('hex')).toBe('c0000201');
  });

  test.each(['', 'localhost', '1.2.3', '1.2.3.4.5', '256.1.1.1', ':::', '1::2::3', '[::1]', '::1:'])(
    '%j is refused',
    (text) => {
      expect(() => ipBytes(text)).toThrow(expect.objectContaining({ code: 'hep_address_invalid' }));
    },
  );
});

describe('ipText', () => {
  // The canonical forms of RFC 5952 §4 and §5.
  test.each([
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['00000000000000000000ffffc0000201', '::ffff:192.0.2.1'],
    ['00000000000000000000000000000000', '::'],
    ['abcdef0123456789abcdef0123456789', 'abcd:ef01:2345:6789:abcd:ef01:2345:6789'],
    ['c0000201', '192.0.2.1'],
  ])('%s is %s', (octets, text) => {
    expect(ipText(Buffer.from(octets, 'hex'))).toBe(text);
  });
});

function pair(from: string, to: string): [family: number, source: string, destination: string] {
  const { family, source, destination } = addressPair(from, to);
  return [family, source.toString('hex'), destination.toString('hex')];
}

describe('addressPair', () => {
  test('both IPv4', () => {
    expect(pair('192.0.2.1', '198.51.100.2')).toEqual([2, 'c0000201', 'c6336402']);
  });

  test('an IPv4 address beside an IPv6 one is mapped, on either side', () => {
    const mapped = '00000000000000000000ffffc0000201';
    const v6 = '20010db8000000000000000000000001';
    expect(pair('192.0.2.1', '2001:db8::1')).toEqual([10, mapped, v6]);
    expect(pair('2001:db8::1', '192.0.2.1')).toEqual([10, v6, mapped]);
  });

  test('an address that does not exist is unspecified in either family', () => {
    const none = '00000000000000000000000000000000';
    expect(pair('0.0.0.0', '2001:db8::1')).toEqual([10, none, '20010db8000000000000000000000001']);
    expect(pair('0.0.0.0', '192.0.2.1')).toEqual([2, '00000000', 'c0000201']);
  });
});
