import { canonicalIp } from '#src/lib/address.js';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_CLIENT_DOMAIN,
  pickClientDomain,
  pickServerDomain,
  servesSocket,
  type AddressPattern,
  type ClientDomain,
  type ServerDomain,
} from '#src/net/tls-domain.js';

const ANY: AddressPattern = { ip: null, port: null };

function server(name: string, addresses: AddressPattern[], names: string[]): ServerDomain {
  return {
    ...DEFAULT_CLIENT_DOMAIN,
    kind: 'server_domain',
    name,
    match_ip_address: addresses,
    match_sip_domain: names,
    certificate: '/c.pem',
    private_key: '/k.pem',
    require_cert: 1,
  };
}

const byName = <T extends { name: string }>(...domains: T[]): Record<string, T> =>
  Object.fromEntries(domains.map((domain) => [domain.name, domain]));

describe('the server domain that matches', () => {
  const domains = byName(
    server('one-name', [ANY], ['a.example.com']),
    server('below', [ANY], ['*.example.org', 'x.example.net']),
    server('one-socket', [{ ip: '10.0.0.1', port: 5061 }], ['*']),
    server('one-v6', [{ ip: '2001:db8::1', port: null }], ['*']),
    server(
      'one-port',
      [
        { ip: '10.0.0.2', port: 1 },
        { ip: null, port: 7000 },
      ],
      ['*'],
    ),
  );

  test.each([
    ['10.0.0.9', 1, 'a.example.com', 'one-name'],
    ['10.0.0.9', 1, 'A.Example.COM.', 'one-name'],
    ['10.0.0.9', 1, 'b.example.org', 'below'],
    ['10.0.0.9', 1, 'c.b.example.org', 'below'],
    ['10.0.0.9', 1, 'x.example.net', 'below'],
    ['10.0.0.9', 1, 'example.org', null],
    ['10.0.0.9', 1, '.example.org', null],
    ['10.0.0.9', 1, 'evilexample.org', null],
    ['10.0.0.1', 5061, 'zzz', 'one-socket'],
    ['10.0.0.1', 5061, undefined, 'one-socket'],
    ['::ffff:10.0.0.1', 5061, '', 'one-socket'],
    ['10.0.0.1', 5062, '', null],
    ['2001:0db8:0:0::1', 9, '', 'one-v6'],
    ['10.0.0.1', 7000, '', 'one-port'],
    ['10.0.0.2', 1, '', 'one-port'],
    ['10.0.0.3', 1, undefined, null],
  ])('%s %d %s: %s', (ip, port, sni, expected) => {
    expect(pickServerDomain(domains, ip, port, sni)?.name ?? null).toBe(expected);
  });
});

describe('the most specific domain that matches, wherever it stands', () => {
  const domains = byName(
    server('any', [ANY], ['*']),
    server('wildcard', [ANY], ['*.example.com']),
    server('longer', [ANY], ['*.b.example.com']),
    server('name', [ANY], ['a.example.com']),
    server('second', [ANY], ['*', 'a.example.com']),
    server('port', [{ ip: null, port: 5061 }], ['*']),
    server('ip', [{ ip: '10.0.0.1', port: null }], ['*']),
    server('socket', [{ ip: '10.0.0.1', port: 5061 }], ['*.example.com']),
  );

  test.each([
    ['10.0.0.9', 1, 'a.example.com', 'name'],
    ['10.0.0.9', 1, 'c.example.com', 'wildcard'],
    ['10.0.0.9', 1, 'c.b.example.com', 'longer'],
    ['10.0.0.9', 1, 'example.org', 'any'],
    ['10.0.0.9', 1, '', 'any'],
    ['10.0.0.9', 5061, 'a.example.com', 'port'],
    ['10.0.0.1', 1, 'a.example.com', 'ip'],
    ['10.0.0.1', 5061, 'a.example.com', 'socket'],
    // As in OpenSIPS: a domain for the address keeps those for any address out.
    ['10.0.0.1', 5061, 'example.org', null],
  ])('%s %d %s: %s', (ip, port, sni, expected) => {
    expect(pickServerDomain(domains, ip, port, sni)?.name ?? null).toBe(expected);
  });
});

describe('client domains', () => {
  const core: ClientDomain = {
    ...DEFAULT_CLIENT_DOMAIN,
    name: 'core',
    match_ip_address: [{ ip: '10.0.0.5', port: 2856 }],
    match_sip_domain: ['*.example.com'],
  };

  test('match by address and name', () => {
    expect(pickClientDomain({ core }, '10.0.0.5', 2856, 'msrp.example.com')).toBe(core);
  });

  test.each([
    ['10.0.0.6', 2856, 'msrp.example.com'],
    ['10.0.0.5', 2855, 'msrp.example.com'],
    ['10.0.0.5', 2856, 'example.net'],
    ['10.0.0.5', 2856, undefined],
  ])('%s %d %s: the default, which verifies', (ip, port, host) => {
    const picked = pickClientDomain({ core }, ip, port, host);
    expect(picked).toBe(DEFAULT_CLIENT_DOMAIN);
    expect(picked.verify_cert).toBe(1);
  });
});

test.each([
  ['0.0.0.0', 2856, true],
  ['::', 2856, true],
  ['10.0.0.1', 2856, true],
  ['10.0.0.2', 2856, false],
  ['0.0.0.0', 2855, false],
])('a domain of 10.0.0.1:2856 serves %s:%d: %s', (ip, port, expected) => {
  expect(servesSocket({ match_ip_address: [{ ip: '10.0.0.1', port: 2856 }] }, { ip, port })).toBe(expected);
});

test.each([
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:DB8::0:1', '2001:db8::1'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['1.2.3.4', '1.2.3.4'],
  ['a.example.com', 'a.example.com'],
])('%s is %s', (ip, expected) => {
  expect(canonicalIp(ip)).toBe(expected);
});
