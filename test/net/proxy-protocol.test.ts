import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginsAsProxyHeader, findProxyHeader, writeProxyHeader } from '#src/net/proxy-protocol.js';
import { ipText } from '#src/lib/ip-octets.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const V2 = (hex: string, ...more: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(SIGNATURE + hex.replaceAll(' ', ''), 'hex'), ...more]);
const V1 = (line: string): Buffer => Buffer.from(`${line}\r\n`);

const A = { ip: '192.0.2.7', port: 56324 };
const B = { ip: '198.51.100.1', port: 443 };
const A6 = { ip: '2001:db8::7', port: 1 };
const B6 = { ip: '2001:db8::1', port: 65535 };

const ADDRESSES = '2001 0db8 0000 0000 0000 0000 0000 0007 2001 0db8 0000 0000 0000 0000 0000 0001 0001 ffff';

describe('headers', () => {
  test.each([
    ['v1, IPv4', V1('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443'), { source: A, destination: B }],
    ['v1, IPv6', V1('PROXY TCP6 2001:db8::7 2001:db8::1 1 65535'), { source: A6, destination: B6 }],
    ['v1, nobody known', V1('PROXY UNKNOWN'), null],
    [
      'v1, the longest line that the specification names',
      V1(`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`),
      null,
    ],
    ['v2, IPv4', V2('21 11 000c c0000207 c6336401 dc04 01bb'), { source: A, destination: B }],
    ['v2, IPv6', V2(`21 21 0024 ${ADDRESSES}`), { source: A6, destination: B6 }],
    [
      'v2, IPv4 written as IPv6',
      V2(`21 21 0024 ${'00'.repeat(10)}ffffc0000207 ${'00'.repeat(10)}ffffc6336401 dc04 01bb`),
      { source: A, destination: B },
    ],
    [
      'v2, TLVs',
      V2('21 11 0011 c0000207 c6336401 dc04 01bb', Buffer.from('0400020000', 'hex')),
      { source: A, destination: B },
    ],
    ['v2, LOCAL', V2('20 00 0000'), null],
    ['v2, LOCAL with addresses, which do not count', V2('20 11 000c c0000207 c6336401 dc04 01bb'), null],
    ['v2, UNSPEC', V2('21 00 0000'), null],
    ['v2, UNSPEC with TLVs', V2('21 00 0005', Buffer.from('0400020000', 'hex')), null],
    ['v2, UNIX sockets', V2('21 31 00d8', Buffer.alloc(216)), null],
  ])('%s', (_, header, addresses) => {
    const octets = Buffer.concat([header, Buffer.from('MSRP abcd SEND\r\n')]);
    expect(findProxyHeader(octets)).toEqual({ kind: 'header', length: header.length, addresses });
    for (let length = 0; length < header.length; length += 1) {
      expect(findProxyHeader(octets.subarray(0, length)), `${length} octets`).toEqual({ kind: 'more' });
    }
  });
});

describe('what is none', () => {
  test.each([
    ['MSRP', Buffer.from('MSRP abcd SEND\r\n')],
    ['TLS', Buffer.from('1603010200', 'hex')],
    ['stray CRLFs and MSRP', Buffer.from('\r\n\r\nMSRP abcd SEND\r\n')],
    ['another family', V1('PROXY UDP4 192.0.2.7 198.51.100.1 56324 443')],
    ['an address of the other family', V1('PROXY TCP4 2001:db8::7 198.51.100.1 56324 443')],
    ['an address with a zone id', V1('PROXY TCP6 fe80::7%eth0 2001:db8::1 56324 443')],
    ['a name', V1('PROXY TCP4 localhost 198.51.100.1 56324 443')],
    ['a port too large', V1('PROXY TCP4 192.0.2.7 198.51.100.1 65536 443')],
    ['a port with a zero before it', V1('PROXY TCP4 192.0.2.7 198.51.100.1 056 443')],
    ['a word too many', V1('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 1')],
    ['two blanks', V1('PROXY TCP4  192.0.2.7 198.51.100.1 56324 443')],
    ['no word behind PROXY', V1('PROXY ')],
    ['a line without an end in 107 octets', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(93)}`)],
    ['an end behind 107 octets', V1(`PROXY UNKNOWN ${'x'.repeat(92)}`)],
    ['another version', V2('31 11 000c')],
    ['another command', V2('22 11 000c')],
    ['datagrams', V2('21 12 000c c0000207 c6336401 dc04 01bb')],
    ['addresses that are cut', V2('21 21 000c c0000207 c6336401 dc04 01bb')],
    ['a length that is over the bound', V2('21 11 1001')],
  ])('%s', (_, octets) => {
    expect(findProxyHeader(octets)).toMatchObject({ kind: 'none' });
  });

  test('anything: never a fault, and never more than its bound is wanted', () => {
    const start = fc.constantFrom(
      Buffer.alloc(0),
      Buffer.from('PROXY '),
      Buffer.from('PROXY TCP4 '),
      V2(''),
      V2('21 11'),
      V2('21'),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (first, rest) => {
        const octets = Buffer.concat([first, rest]);
        const found = findProxyHeader(octets);
        if (found.kind === 'header') expect(found.length).toBeLessThanOrEqual(octets.length);
        const full = findProxyHeader(Buffer.concat([octets, Buffer.alloc(16 + 4_096)]));
        expect(full.kind).not.toBe('more');
      }),
    );
  });
});

test('the beginning of a header is known as soon as it can be', () => {
  expect(beginsAsProxyHeader(Buffer.from('PROXY'))).toBe(null);
  expect(beginsAsProxyHeader(Buffer.from('PROXY '))).toBe(true);
  expect(beginsAsProxyHeader(Buffer.from('M'))).toBe(false);
  expect(beginsAsProxyHeader(Buffer.from('\r\n\r\n'))).toBe(null);
  expect(beginsAsProxyHeader(Buffer.from('\r\n\r\nM'))).toBe(false);
  expect(beginsAsProxyHeader(V2(''))).toBe(true);
});

const endpoint = (octets: 4 | 16) =>
  fc
    .tuple(fc.uint8Array({ minLength: octets, maxLength: octets }), fc.nat(65_535))
    // Not ::ffff:a.b.c.d, which is read as a.b.c.d.
    .filter(([ip]) => octets === 4 || ip.some((octet, i) => i < 10 && octet !== 0))
    .map(([ip, port]) => ({ ip: ipText(Buffer.from(ip)), port }));

describe('writing', () => {
  test.each([
    [1, { source: A, destination: B }, V1('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443')],
    [1, { source: A6, destination: B6 }, V1('PROXY TCP6 2001:db8::7 2001:db8::1 1 65535')],
    [1, { source: A, destination: B6 }, V1('PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 56324 65535')],
    [1, { source: { ip: '', port: 0 }, destination: B }, V1('PROXY UNKNOWN')],
    [2, { source: A, destination: B }, V2('21 11 000c c0000207 c6336401 dc04 01bb')],
    [2, { source: A6, destination: B6 }, V2(`21 21 0024 ${ADDRESSES}`)],
    [2, { source: { ip: '', port: 0 }, destination: B }, V2('20 00 0000')],
  ] as const)('version %i of %j', (version, addresses, header) => {
    expect(writeProxyHeader(version, addresses).toString('hex')).toBe(header.toString('hex'));
  });

  test('what is written is read, of any addresses, with anything behind it', () => {
    const pair = fc.constantFrom(4 as const, 16 as const).chain((size) => fc.tuple(endpoint(size), endpoint(size)));
    fc.assert(
      fc.property(
        fc.constantFrom(1 as const, 2 as const),
        pair,
        fc.uint8Array(),
        (version, [source, destination], rest) => {
          const header = writeProxyHeader(version, { source, destination });
          const found = findProxyHeader(Buffer.concat([header, rest]));
          expect(found).toEqual({ kind: 'header', length: header.length, addresses: { source, destination } });
        },
      ),
    );
  });
});
