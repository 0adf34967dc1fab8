import { describe, expect, test } from 'vitest';
import { OwnSockets } from '#src/proxy/own-sockets.js';
import { MAX_REPEATED, RepeatedRequests } from '#src/proxy/repeated-requests.js';
import { nextHopOf, ToPathRules } from '#src/proxy/to-path.js';

describe('the next hop of a URI', () => {
  test.each([
    ['msrp://10.0.0.5:7000/abc;tcp', { proto: 'msrp', host: '10.0.0.5', port: 7000 }],
    ['msrps://relay.example.com:2856/abc;tcp', { proto: 'msrps', host: 'relay.example.com', port: 2856 }],
    ['msrp://[2001:db8::5]:7000/abc;tcp', { proto: 'msrp', host: '2001:db8::5', port: 7000 }],
    ['msrp://alice@h-1.example.com/abc;tcp', { proto: 'msrp', host: 'h-1.example.com', port: 2855 }],
    ['msrp://relay.example.com.:1/abc;TCP', { proto: 'msrp', host: 'relay.example.com.', port: 1 }],
    ['msrp://10.0.0.5:7000/abc', { proto: 'msrp', host: '10.0.0.5', port: 7000 }],
    // Resolved, and judged by what it resolves to.
    ['msrp://localhost:7000/abc;tcp', { proto: 'msrp', host: 'localhost', port: 7000 }],
    ['msrp://dead.beef:7000/abc;tcp', { proto: 'msrp', host: 'dead.beef', port: 7000 }],
  ])('%s', (uri, nextHop) => {
    expect(nextHopOf(uri)).toEqual(nextHop);
  });

  test.each([
    'http://10.0.0.5:7000/abc;tcp',
    'msrp://10.0.0.5:0/abc;tcp',
    'msrp://10.0.0.5:65536/abc;tcp',
    'msrp://10.0.0.5:7000/abc;sctp',
    'msrp://10.0.0.5:7000/abc;ws',
    'msrp://2130706433:7000/abc;tcp',
    'msrp://0x7f000001:7000/abc;tcp',
    'msrp://0x7f.1:7000/abc;tcp',
    'msrp://0X7F.0x0.0x0.0x1:7000/abc;tcp',
    'msrp://127.1:7000/abc;tcp',
    'msrp://127.0.1:7000/abc;tcp',
    'msrp://0177.0.0.1:7000/abc;tcp',
    'msrp://017700000001:7000/abc;tcp',
    'msrp://127.0.0.1.:7000/abc;tcp',
    'msrp://127.0.0.0x1:7000/abc;tcp',
    'msrp://256.0.0.1:7000/abc;tcp',
    'msrp://%31%32%37.0.0.1:7000/abc;tcp',
    'msrp://127%2e0%2e0%2e1:7000/abc;tcp',
    'msrp://[fe80::1%25eth0]:7000/abc;tcp',
    'msrp://10.0.0.5@[::1]x:7000/abc;tcp',
    'msrp://..:7000/abc;tcp',
    'msrp://-:7000/abc;tcp',
    '',
  ])('none in %j', (uri) => {
    expect(nextHopOf(uri)).toEqual(expect.any(String));
  });
});

describe('the rules', () => {
  const rules = new ToPathRules(
    [
      { ip: '0.0.0.0', prefix: 0, ports: [2000, 7000] },
      { ip: '::', prefix: 0, ports: [2855, 2855] },
    ],
    ({ ip, port }) => ip === '10.9.9.9' && port === 2855,
  );

  test.each([
    ['10.0.0.5', 2000],
    ['10.0.0.5', 7000],
    ['::ffff:10.0.0.5', 7000],
    ['2001:db8::5', 2855],
    ['127.0.0.1', 2855],
  ])('%s port %i may be dialled', (ip, port) => {
    expect(rules.refuse({ ip, port })).toBe(null);
  });

  test.each([
    ['a port below', '10.0.0.5', 1999],
    ['a port above', '10.0.0.5', 7001],
    ['a port of the other family', '2001:db8::5', 7000],
    ['IPv4 written as IPv6 is IPv4', '::ffff:10.0.0.5', 1999],
    ['unspecified', '0.0.0.0', 2855],
    ['this network', '0.1.2.3', 2855],
    ['unspecified IPv6', '::', 2855],
    ['unspecified, mapped', '::ffff:0.0.0.0', 2855],
    ['link-local', '169.254.169.254', 2855],
    ['link-local, mapped', '::ffff:a9fe:a9fe', 2855],
    ['link-local IPv6', 'fe80::1', 2855],
    ['link-local IPv6, with its zone', 'fe80::1%eth0', 2855],
    ['link-local IPv6, the last', 'febf::1', 2855],
    ['multicast', '224.0.0.1', 2855],
    ['multicast, the last', '239.255.255.255', 2855],
    ['multicast IPv6', 'ff02::1', 2855],
    ['broadcast', '255.255.255.255', 2855],
  ])('%s: forbidden', (_, ip, port) => {
    expect(rules.refuse({ ip, port })).toMatchObject({ reason: 'to_path_forbidden' });
  });

  test('a socket of its own is a loop', () => {
    expect(rules.refuse({ ip: '10.9.9.9', port: 2855 })).toMatchObject({ reason: 'loop' });
  });

  test('without a range nothing may be dialled', () => {
    expect(new ToPathRules([], () => false).refuse({ ip: '10.0.0.5', port: 2855 })).toMatchObject({
      reason: 'to_path_forbidden',
    });
  });
});

describe('sockets of its own', () => {
  const own = new OwnSockets(() => ['192.0.2.1', '2001:DB8:0::1']);
  own.use([
    { ip: '127.0.0.1', port: 1 },
    { ip: '0.0.0.0', port: 2 },
    { ip: '::', port: 3 },
    { ip: '2001:db8:0:0::9', port: 4 },
  ]);

  test.each([
    ['127.0.0.1', 1],
    ['::ffff:127.0.0.1', 1],
    ['::ffff:7f00:1', 1],
    ['192.0.2.1', 2],
    ['::ffff:192.0.2.1', 2],
    ['127.0.0.1', 2],
    ['127.255.0.9', 2],
    ['0.0.0.0', 2],
    ['192.0.2.1', 3],
    ['2001:db8::1', 3],
    ['::1', 3],
    ['2001:db8::9', 4],
  ])('%s port %i', (ip, port) => {
    expect(own.has({ ip, port })).toBe(true);
  });

  test.each([
    ['127.0.0.1', 9],
    ['127.0.0.2', 1],
    ['192.0.2.1', 1],
    ['192.0.2.2', 2],
    ['192.0.2.2', 3],
    ['2001:db8::1', 4],
  ])('not %s port %i', (ip, port) => {
    expect(own.has({ ip, port })).toBe(false);
  });
});

test('a request that stands on many links is one too many, and what ends makes room', () => {
  const requests = new RepeatedRequests();
  const head = Buffer.from('MSRP abcd SEND\r\n\r\n');
  const ends = Array.from({ length: MAX_REPEATED }, () => requests.add(head));
  expect(ends).not.toContain(null);
  expect(requests.add(head)).toBe(null);
  expect(requests.add(Buffer.from('MSRP abce SEND\r\n\r\n'))).not.toBe(null);
  ends[0]?.();
  expect(requests.add(head)).not.toBe(null);
  expect(requests.add(head)).toBe(null);
});
