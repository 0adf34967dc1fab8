import { expect, test } from 'vitest';
import { endpoint, formatEndpoint, isLoopback, parseHostPort, plainIp } from '#src/lib/address.js';

test.each([
  ['10.0.0.1', { host: '10.0.0.1', port: 2855 }],
  ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
  ['[2001:db8::1]', { host: '2001:db8::1', port: 2855 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
  ['sbc.example.com:0', { host: 'sbc.example.com', port: 0 }],
  ['localhost', { host: 'localhost', port: 2855 }],
  ['a_b-c.example.', { host: 'a_b-c.example.', port: 2855 }],
])('%s', (text, expected) => {
  expect(parseHostPort(text, 2855)).toEqual(expected);
});

test.each([
  '',
  ':1',
  '10.0.0.256',
  '10.0.0',
  '1234',
  '::1',
  '[10.0.0.1]',
  '[::1',
  'a b',
  'a:65536',
  'a:',
  'a:b',
  '-a.example',
  'a..b',
  `${'a'.repeat(64)}.example`,
])('%j is none', (text) => {
  expect(parseHostPort(text, 2855)).toBeNull();
});

test('an IPv4 peer of a dual-stack socket is shown as IPv4', () => {
  expect(plainIp('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(plainIp('2001:db8::1')).toBe('2001:db8::1');
  expect(endpoint('::FFFF:192.0.2.1', 5)).toEqual({ ip: '192.0.2.1', port: 5 });
  expect(endpoint(undefined, undefined)).toEqual({ ip: '0.0.0.0', port: 0 });
});

test('IPv6 stands in brackets', () => {
  expect(formatEndpoint({ ip: '2001:db8::1', port: 5060 })).toBe('[2001:db8::1]:5060');
  expect(formatEndpoint({ ip: '192.0.2.1', port: 5060 })).toBe('192.0.2.1:5060');
});

test('loopback', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '128.0.0.1', '10.127.0.1', '::2', '1::1', '::1:1'].some(isLoopback)).toBe(false);
});
