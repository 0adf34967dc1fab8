import { describe, expect, test } from 'vitest';
import { canonicalIp } from '#src/lib/address.js';
import { inRanges, parseCidr } from '#src/lib/cidr.js';

describe('ranges', () => {
  test.each([
    ['10.0.0.5', { ip: '10.0.0.5', prefix: 32 }],
    ['10.0.0.0/8', { ip: '10.0.0.0', prefix: 8 }],
    ['0.0.0.0/0', { ip: '0.0.0.0', prefix: 0 }],
    ['2001:DB8::/32', { ip: '2001:db8::', prefix: 32 }],
    ['[2001:db8::]/32', { ip: '2001:db8::', prefix: 32 }],
    ['[::1]', { ip: '::1', prefix: 128 }],
    ['::ffff:10.0.0.0/104', { ip: '10.0.0.0', prefix: 8 }],
  ])('%s', (text, range) => {
    expect(parseCidr(text)).toEqual(range);
  });

  test.each([
    '',
    '10',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'example.com',
    '010.0.0.1',
    'fe80::1%eth0',
    '[10.0.0.1',
    '::ffff:10.0.0.0/95',
  ])('not %j', (text) => {
    expect(parseCidr(text)).toBe(null);
  });
});

describe('what is in them', () => {
  const isIn = inRanges([
    { ip: '10.1.0.0', prefix: 16 },
    { ip: '2001:db8::', prefix: 32 },
  ]);
  test.each([
    '10.1.0.0',
    '10.1.255.255',
    '::ffff:10.1.2.3',
    '::ffff:a01:203',
    '0:0:0:0:0:ffff:10.1.2.3',
    '2001:db8::1',
    '2001:0DB8:0::1',
  ])('%s', (ip) => {
    expect(isIn(ip)).toBe(true);
  });
  test.each(['10.2.0.0', '10.0.255.255', '::10.1.2.3', '2001:db9::', '::1', '::', 'a01:203::', 'example.com', ''])(
    'not %j',
    (ip) => {
      expect(isIn(ip)).toBe(false);
    },
  );
  test('an IPv4 address is in no range of IPv6, whose form it may be written in', () => {
    const any = inRanges([{ ip: '::', prefix: 0 }]);
    expect(['10.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1', '::1'].map(any)).toEqual([false, false, false, true]);
  });
  test('nothing is in none', () => {
    expect(inRanges([])('10.0.0.1')).toBe(false);
  });
});

test.each([
  ['::ffff:7f00:1', '127.0.0.1'],
  ['::FFFF:127.0.0.1', '127.0.0.1'],
  ['0:0:0:0:0:ffff:7f00:0001', '127.0.0.1'],
  ['::ffff:0:1', '0.0.0.1'],
  ['::7f00:1', '::7f00:1'],
])('%s is %s', (written, canonical) => {
  expect(canonicalIp(written)).toBe(canonical);
});
