import { expect, test } from 'vitest';
import { parseHepId } from '#src/config/hep-id.js';

test.each([
  ['[hep_dest]10.0.0.2', { host: '10.0.0.2', port: 9060, transport: 'tcp' }],
  ['[hep_dest]10.0.0.2;transport=tcp;version=3', { host: '10.0.0.2', port: 9060, transport: 'tcp' }],
  ['[hep_dest]10.0.0.2:9061;transport=udp', { host: '10.0.0.2', port: 9061, transport: 'udp' }],
  ['[hep_dest]10.0.0.2:9061; version=3; transport=tls', { host: '10.0.0.2', port: 9061, transport: 'tls' }],
  [
    ' [ hep_dest ] homer.example.com:1 ; TRANSPORT = UDP ; Version = 3 ; ',
    { host: 'homer.example.com', port: 1, transport: 'udp' },
  ],
  ['[hep_dest][2001:db8::1]', { host: '2001:db8::1', port: 9060, transport: 'tcp' }],
  ['[hep_dest] [::1]:65535;transport=udp', { host: '::1', port: 65_535, transport: 'udp' }],
])('%s', (text, expected) => {
  expect(parseHepId(text)).toEqual({ value: { name: 'hep_dest', ...expected } });
});

test.each([
  ['', 'must be'],
  ['10.0.0.2', 'must be'],
  ['[]10.0.0.2', 'must be'],
  ['[a b]10.0.0.2', 'must be'],
  ['[a]', 'must be'],
  ['[a]10.0.0.256', 'must be'],
  ['[a]h:65536', 'must be'],
  ['[a]::1', 'must be'],
  ['[a]h:0', 'port from 1 to 65535'],
  ['[a]h;transport', 'must be'],
  ['[a]h;transport=', 'must be'],
  ['[a]h;;transport=udp', 'must be'],
  ['[a]h;transport=sctp', 'tcp, udp or tls, not "sctp"'],
  ['[a]h;version=2', 'only HEPv3'],
  ['[a]h;transport=udp;transport=tcp', 'transport stands twice'],
  ['[a]h;port=5', 'no option "port"'],
])('not %j', (text, problem) => {
  expect(parseHepId(text)).toEqual({ problem: expect.stringContaining(problem) });
});

test('a long text that almost fits is refused at once', () => {
  // Of the processor's time: a machine that stands still is not a text that takes long.
  const startedAt = process.cpuUsage();
  expect(parseHepId(`[a]h${';'.repeat(100_000)}\n`)).toHaveProperty('problem');
  expect(parseHepId(`${' '.repeat(100_000)}x`)).toHaveProperty('problem');
  const { user, system } = process.cpuUsage(startedAt);
  expect(user + system).toBeLessThan(2_000_000);
});
