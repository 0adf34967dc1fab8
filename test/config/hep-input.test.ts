import { describe, expect, test } from 'vitest';
import { configWith, LEAST, problemsOf, problemWith } from '../helpers/config.js';

const OFF = { from: null, auth_key: null };

test('is off by default, and where nothing stands', () => {
  expect(configWith('').hep_input).toBeNull();
  expect(configWith('hep_input:\n').hep_input).toBeNull();
});

test.each([
  ['"udp:127.0.0.1:9061"', { transport: 'udp', ip: '127.0.0.1', port: 9061, ...OFF }],
  ['"tcp:[::1]:9061"', { transport: 'tcp', ip: '::1', port: 9061, ...OFF }],
  ['{ socket: "udp:127.0.0.1:0" }', { transport: 'udp', ip: '127.0.0.1', port: 0, ...OFF }],
  [
    '{ socket: "udp:10.0.0.9:9061", from: [10.0.0.5, 10.1.0.0/16], auth_key: key }',
    {
      transport: 'udp',
      ip: '10.0.0.9',
      port: 9061,
      auth_key: 'key',
      from: [
        { ip: '10.0.0.5', prefix: 32 },
        { ip: '10.1.0.0', prefix: 16 },
      ],
    },
  ],
])('%s', (yaml, expected) => {
  expect(configWith(`hep_input: ${yaml}`).hep_input).toEqual(expected);
});

test('how long and how many', () => {
  const { proto_msrp, limits } = configWith('');
  expect([proto_msrp.correlation_lifetime, limits.correlations]).toEqual([14_400_000, 100_000]);
  const own = configWith('proto_msrp: { correlation_lifetime: 60000 }\nlimits: { correlations: 5 }');
  expect([own.proto_msrp.correlation_lifetime, own.limits.correlations]).toEqual([60_000, 5]);
});

describe('refused', () => {
  const FORM = 'must be udp:IP:PORT or tcp:IP:PORT';
  test.each([
    ['hep_input: 9061', 'hep_input', FORM],
    ['hep_input: "127.0.0.1:9061"', 'hep_input', FORM],
    ['hep_input: "udp:127.0.0.1"', 'hep_input', FORM],
    ['hep_input: "udp:localhost:9061"', 'hep_input', FORM],
    ['hep_input: "tls:127.0.0.1:9061"', 'hep_input', FORM],
    ['hep_input: "udp:::1:9061"', 'hep_input', FORM],
    ['hep_input: "udp:0.0.0.0:9061"', 'hep_input', 'needs { socket, from }: 0.0.0.0 is no loopback address'],
    ['hep_input: { socket: "udp:10.0.0.9:9061" }', 'hep_input', 'as in from: [10.0.0.5]'],
    ['hep_input: { socket: "udp:10.0.0.9:9061", from: [] }', 'hep_input.from', 'at least one'],
    ['hep_input: { socket: "udp:127.0.0.1:1", from: [sip.example.com] }', 'hep_input.from[0]', 'must be an IP address'],
    ['hep_input: { from: [10.0.0.5] }', 'hep_input.socket', 'is missing'],
    [
      'hep_input: { socket: "udp:127.0.0.1:1", auth: x }',
      'hep_input.auth',
      'no such key; there are socket, from, auth_key',
    ],
    ['hep_input: "tcp:127.0.0.1:8888"', 'hep_input', '127.0.0.1:8888 is the socket of httpd already'],
    [
      'hep_input: "udp:127.0.0.1:8889"\nmi_datagram: { socket_name: "udp:127.0.0.1:8889" }',
      'hep_input',
      'is the socket of mi_datagram already',
    ],
    ['limits: { correlations: 0 }', 'limits.correlations', 'from 1 to 1000000'],
    [
      'proto_msrp: { correlation_lifetime: 0 }',
      'proto_msrp.correlation_lifetime',
      'a whole number of milliseconds from 1',
    ],
  ])('%s', (yaml, path, message) => {
    expect(problemWith(yaml)).toEqual({ path, line: 2, message: expect.stringContaining(message) });
  });

  test('the key stands in no message', () => {
    const problems = problemsOf(`${LEAST}hep_input: { socket: "udp:127.0.0.1:1", auth_key: "geh\\theim" }`);
    expect(problems.map(({ path }) => path)).toEqual(['hep_input.auth_key']);
    expect(JSON.stringify(problems)).not.toContain('heim');
  });
});
