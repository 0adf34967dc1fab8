import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, configJsonSchema, formatProblem, parseConfig, readConfig } from '#src/config.js';
import { defaultMaxConnections, openFileLimit } from '#src/config/open-files.js';
import { LEAST, configWith, problemsOf } from '../helpers/config.js';

const directory = mkdtempSync(join(tmpdir(), 'msrptap-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function thrownBy(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test("the defaults are the documentation's and the design's", () => {
  expect(configWith('')).toEqual({
    written: { listeners: [{ socket: 'msrp:127.0.0.1:0', upstream: 'msrp:127.0.0.1:2856' }] },
    file: '/etc/msrptap/msrptap.yaml',
    directory: '/etc/msrptap',
    listeners: [
      {
        socket: 'msrp:127.0.0.1:0',
        proto: 'msrp',
        ip: '127.0.0.1',
        port: 0,
        upstream: [{ proto: 'msrp', host: '127.0.0.1', port: 2856 }],
        upstream_policy: 'ordered',
        proxy_protocol: null,
        send_proxy: 0,
      },
    ],
    to_path: { allow: [], timeout: 5_000, max_bytes: 16_384 },
    proto_msrp: {
      send_timeout: 100,
      max_msg_chunks: 4,
      tls_handshake_timeout: 100,
      cert_check_on_conn_reusage: 0,
      trace_destination: [],
      trace_on: 0,
      trace_filter_route: null,
      connect_timeout: 5_000,
      idle_timeout: 3_600_000,
      half_close_timeout: 30_000,
      on_parse_error: 'close',
      sessions: 1,
      transaction_timeout: 30_000,
      trace_body: 'text',
      trace_legs: 'through',
      trace_max_payload: 12_288,
      correlation_wait: 5_000,
      correlation_lifetime: 14_400_000,
    },
    proto_hep: {
      hep_id: [],
      hep_capture_id: 1,
      hep_payload_type: { events: 100, messages: 100 },
      hep_queue_bytes: 16_777_216,
      hep_max_rate: 0,
      hep_spool: null,
      hep_policy: 'copies',
      homer5_on: 0,
      homer5_delim: ':',
    },
    tls_mgm: { server_domain: {}, client_domain: {} },
    httpd: {
      ip: '127.0.0.1',
      port: 8888,
      token_file: null,
      tls_domain: null,
      hosts: [],
      requests_per_second: 1_000,
    },
    mi_http: { root: 'mi' },
    hep_input: null,
    mi_fifo: null,
    mi_datagram: null,
    prometheus: {
      root: 'metrics',
      prefix: 'msrptap',
      ip: '127.0.0.1',
      port: null,
      token_file: null,
      tls_domain: null,
    },
    filters: '/etc/msrptap/filters',
    limits: {
      max_connections: defaultMaxConnections(openFileLimit()),
      connections_per_source: 0,
      accept_rate: 4_000,
      accept_rate_per_source: 0,
      header_section: 16_384,
      headers: 64,
      path_uris: 16,
      first_byte_timeout: 30_000,
      message_timeout: 120_000,
      link_buffer: 65_536,
      buffer: 268_435_456,
      sessions: 16_384,
      transfers: 8_192,
      deliveries: 16_384,
      transactions: 32_768,
      correlations: 100_000,
      failure_events: 100,
    },
    drain_timeout: 10_000,
    workers: 1,
    log: { level: 'info' },
  });
});

test('sections that are there but empty have the defaults', () => {
  expect(configWith('proto_msrp:\nproto_hep:\ntls_mgm:\nhttpd:\nlog:\nfilters:\n')).toEqual(configWith(''));
});

describe('listeners', () => {
  test.each([
    ['msrp:0.0.0.0', { proto: 'msrp', ip: '0.0.0.0', port: 2855 }],
    ['msrp:127.0.0.1:7000', { proto: 'msrp', ip: '127.0.0.1', port: 7000 }],
    ['msrp:[::]', { proto: 'msrp', ip: '::', port: 2855 }],
    ['msrp:[2001:db8::1]:7000', { proto: 'msrp', ip: '2001:db8::1', port: 7000 }],
    ['msrp:127.0.0.1:0', { proto: 'msrp', ip: '127.0.0.1', port: 0 }],
  ])('%s', (socket, expected) => {
    const yaml = `listeners: [{ socket: "${socket}", upstream: "msrp:10.0.0.5" }]`;
    expect(parseConfig(yaml, 'x.yaml').listeners[0]).toMatchObject({ socket, ...expected });
  });

  test.each([
    ['msrp:10.0.0.5', { proto: 'msrp', host: '10.0.0.5', port: 2855 }],
    ['msrps:core.example.com', { proto: 'msrps', host: 'core.example.com', port: 2855 }],
    ['msrps:[2001:db8::1]:7000', { proto: 'msrps', host: '2001:db8::1', port: 7000 }],
  ])('upstream %s', (upstream, expected) => {
    const yaml = `listeners: [{ socket: "msrp:127.0.0.1", upstream: "${upstream}" }]`;
    expect(parseConfig(yaml, 'x.yaml').listeners[0]?.upstream).toEqual([expected]);
  });

  test('lists, and the PROXY protocol on both sides', () => {
    const yaml = `listeners:
  - socket: msrp:127.0.0.1
    upstream: [msrp:a, "msrps:[::1]:7"]
    upstream_policy: round_robin
    proxy_protocol: { from: [10.0.0.0/8, "2001:db8::1"] }
    send_proxy: 2`;
    expect(parseConfig(yaml, 'x.yaml').listeners).toEqual([
      {
        socket: 'msrp:127.0.0.1',
        proto: 'msrp',
        ip: '127.0.0.1',
        port: 2855,
        upstream: [
          { proto: 'msrp', host: 'a', port: 2855 },
          { proto: 'msrps', host: '::1', port: 7 },
        ],
        upstream_policy: 'round_robin',
        proxy_protocol: {
          from: [
            { ip: '10.0.0.0', prefix: 8 },
            { ip: '2001:db8::1', prefix: 128 },
          ],
          timeout: 5_000,
        },
        send_proxy: 2,
      },
    ]);
  });
});

describe('ranges of to_path.allow', () => {
  test.each([
    ['10.0.0.0/8:2000-7000', { ip: '10.0.0.0', prefix: 8, ports: [2000, 7000] }],
    ['10.0.0.5', { ip: '10.0.0.5', prefix: 32, ports: [2855, 2855] }],
    ['10.0.0.5:7000', { ip: '10.0.0.5', prefix: 32, ports: [7000, 7000] }],
    ['10.0.0.0/8', { ip: '10.0.0.0', prefix: 8, ports: [2855, 2855] }],
    ['2001:db8::1', { ip: '2001:db8::1', prefix: 128, ports: [2855, 2855] }],
    ['[2001:db8::1]:7000', { ip: '2001:db8::1', prefix: 128, ports: [7000, 7000] }],
    ['2001:db8::/32', { ip: '2001:db8::', prefix: 32, ports: [2855, 2855] }],
    ['2001:db8::/32:2000-7000', { ip: '2001:db8::', prefix: 32, ports: [2000, 7000] }],
    ['[2001:db8::]/32:7000', { ip: '2001:db8::', prefix: 32, ports: [7000, 7000] }],
  ])('%s', (range, expected) => {
    const yaml = `listeners: [{ socket: "msrp:127.0.0.1", upstream: to_path }]\nto_path: { allow: ["${range}"] }`;
    const { listeners, to_path } = parseConfig(yaml, 'x.yaml');
    expect([listeners[0]?.upstream, to_path.allow]).toEqual(['to_path', [expected]]);
  });
});

test('a destination alone is a list of one, and a payload type alone is that of both', () => {
  const { proto_msrp, proto_hep } = configWith(`
proto_msrp: { trace_destination: b }
proto_hep: { hep_id: ["[a]h", "[b]i"], hep_payload_type: 7 }`);
  expect(proto_msrp.trace_destination).toEqual(['b']);
  expect(proto_hep.hep_payload_type).toEqual({ events: 7, messages: 7 });
  expect(configWith('proto_hep: { hep_payload_type: { messages: 9 } }').proto_hep.hep_payload_type).toEqual({
    events: 100,
    messages: 9,
  });
});

test('TLS domains have their defaults, absolute paths and the order of the file', () => {
  const { tls_mgm } = configWith(`
tls_mgm:
  server_domain:
    z: { certificate: c.pem, private_key: /keys/k.pem, match_ip_address: "10.0.0.1:5, ::1", tls_method: TLSv1_3 }
    a: { certificate: c.pem, private_key: k.pem, match_sip_domain: ["*.example.com", b.example.com] }
  client_domain:
    core: { ca_list: ca/ca.pem, verify_cert: 0 }`);
  expect(Object.keys(tls_mgm.server_domain)).toEqual(['z', 'a']);
  expect(tls_mgm.server_domain['z']).toEqual({
    kind: 'server_domain',
    name: 'z',
    match_ip_address: [
      { ip: '10.0.0.1', port: 5 },
      { ip: '::1', port: null },
    ],
    match_sip_domain: ['*'],
    tls_method: { min: 'TLSv1.3', max: 'TLSv1.3' },
    certificate: '/etc/msrptap/c.pem',
    private_key: '/keys/k.pem',
    verify_cert: 1,
    require_cert: 1,
    ca_list: null,
    ca_dir: null,
    crl_dir: null,
    crl_check_all: 0,
    ciphers_list: null,
    ec_curve: null,
    dh_params: null,
  });
  expect(tls_mgm.server_domain['a']?.match_sip_domain).toEqual(['*.example.com', 'b.example.com']);
  expect(tls_mgm.client_domain['core']).toEqual({
    kind: 'client_domain',
    name: 'core',
    match_ip_address: [{ ip: null, port: null }],
    match_sip_domain: ['*'],
    tls_method: { min: 'TLSv1.2', max: 'TLSv1.3' },
    certificate: null,
    private_key: null,
    verify_cert: 0,
    ca_list: '/etc/msrptap/ca/ca.pem',
    ca_dir: null,
    crl_dir: null,
    crl_check_all: 0,
    ciphers_list: null,
    ec_curve: null,
    dh_params: null,
  });
});

test('files and folders of a TLS domain are absolute, and what OpenSSL reads is as it was', () => {
  const { server_domain } = configWith(`
tls_mgm:
  server_domain:
    a:
      { certificate: c.pem, private_key: k.pem, ca_dir: cas, crl_dir: /crls, crl_check_all: 1, dh_params: dh.pem,
        ciphers_list: "ECDHE+AESGCM:!aNULL", ec_curve: "X25519:prime256v1" }`).tls_mgm;
  expect(server_domain['a']).toMatchObject({
    ca_dir: '/etc/msrptap/cas',
    crl_dir: '/crls',
    crl_check_all: 1,
    dh_params: '/etc/msrptap/dh.pem',
    ciphers_list: 'ECDHE+AESGCM:!aNULL',
    ec_curve: 'X25519:prime256v1',
  });
});

test.each([
  ['TLSv1_2', 'TLSv1.2', 'TLSv1.2'],
  ['TLSv1-TLSv1_3', 'TLSv1', 'TLSv1.3'],
  ['tlsv1_1 - tlsv1_2', 'TLSv1.1', 'TLSv1.2'],
  ['TLSv1-', 'TLSv1', 'TLSv1.3'],
  // What is deprecated has to be asked for by name.
  ['-TLSv1_2', 'TLSv1.2', 'TLSv1.2'],
  ['-', 'TLSv1.2', 'TLSv1.3'],
])('tls_method %s: %s to %s', (given, min, max) => {
  const { client_domain } = configWith(`tls_mgm: { client_domain: { a: { tls_method: "${given}" } } }`).tls_mgm;
  expect(client_domain['a']?.tls_method).toEqual({ min, max });
});

describe('text that is not a configuration', () => {
  test.each([
    ['listeners: [', 1],
    ['a: 1\nb: c: d', 2],
    ['a: 1\na: 2', 2],
    ['a: 1\nb: !unknown 1', 2],
    ['- a', null],
    ['just words', null],
    ['a: &a [*b]', null],
  ])('%j', (yaml, line) => {
    const [problem] = problemsOf(yaml);
    expect(problem).toMatchObject({ path: '', line });
  });

  test('references that would fill the memory', () => {
    const levels = 'bcdefghijk'.split('');
    const yaml = levels.reduce(
      (text, name, index) => `${text}${name}: &${name} [${`*${index === 0 ? 'a' : levels[index - 1]},`.repeat(9)}]\n`,
      'a: &a [x]\n',
    );
    expect(problemsOf(yaml)[0]?.message).toBe('more than 100 uses of anchors (an alias begins with *)');
  });
});

describe('readConfig', () => {
  test('reads a file, and takes paths relative to its folder', () => {
    const file = join(directory, 'good.yaml');
    writeFileSync(file, `${LEAST}filters: routes\n`);
    expect(readConfig(file)).toMatchObject({ file, directory, filters: join(directory, 'routes') });
  });

  test('finds the file of a route', () => {
    const file = join(directory, 'route.yaml');
    writeFileSync(join(directory, 'mine.js'), '');
    writeFileSync(file, `${LEAST}filters: .\nproto_msrp: { trace_filter_route: mine }\n`);
    expect(readConfig(file).proto_msrp.trace_filter_route).toBe('mine');
  });

  test.each([join(directory, 'missing.yaml'), directory])('%s cannot be read', (file) => {
    expect(() => readConfig(file)).toThrow(expect.objectContaining({ code: 'config_unreadable' }));
    expect(() => readConfig(file)).toThrow(file);
  });

  test('an error has a code, and all problems in its message', () => {
    const file = join(directory, 'bad.yaml');
    writeFileSync(file, `${LEAST}workers: 300\ndrain_timeout: x\n`);
    const error = thrownBy(() => readConfig(file));
    expect(error).toMatchObject({ name: 'ConfigError', code: 'config_invalid' });
    const { problems, message } = error;
    expect(problems).toHaveLength(2);
    for (const problem of problems) expect(message).toContain(formatProblem(problem));
  });
});

test('the JSON Schema has every key, with its default and range', () => {
  expect(configJsonSchema()).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['listeners'],
    properties: {
      proto_msrp: {
        properties: { send_timeout: { type: 'integer', minimum: 0, maximum: 2_147_483_647, default: 100 } },
      },
      proto_hep: { properties: { hep_id: { type: 'array', items: { type: 'string' } } } },
      tls_mgm: {
        properties: { server_domain: { additionalProperties: { required: ['certificate', 'private_key'] } } },
      },
    },
  });
});

test.each([
  'httpd: { token: *s3cr3t-s3cr3t-s3cr3t }',
  'httpd: { token: !s3cr3t-s3cr3t-s3cr3t }',
  'httpd: { token:s3cr3t-s3cr3t-s3cr3t }',
  'httpd:\n  token:s3cr3t-s3cr3t-s3cr3t',
  'httpd: token=s3cr3t-s3cr3t-s3cr3t',
  'httpd: { token: s3cr3t }',
  'proto_hep: { hep_auth_key: *s3cr3t }',
  'proto_hep: { hep_auth_key=s3cr3t }',
])('a secret that is written wrongly stands in no message: %s', (yaml) => {
  const problems = problemsOf(`${LEAST}${yaml}`);
  expect(problems.length).toBeGreaterThan(0);
  expect(JSON.stringify(problems)).not.toContain('s3cr3t');
});

test('parts whose content is commented out are as if they were not there', () => {
  const config = configWith('proto_hep:\n  hep_id:\ntls_mgm:\n  server_domain:\n  client_domain:\n');
  expect(config.proto_hep.hep_id).toEqual([]);
  expect(config.tls_mgm).toEqual({ server_domain: {}, client_domain: {} });
});

test.each(['mi_fifo:', 'mi_fifo: {}'])("%s stands for OpenSIPS' defaults, but for the mode", (yaml) => {
  expect(configWith(`${yaml}\n`).mi_fifo).toEqual({
    fifo_name: '/tmp/opensips_fifo',
    fifo_mode: '0600',
    fifo_user: null,
    fifo_group: null,
    reply_dir: '/tmp',
  });
});

test('mi_datagram listens on loopback', () => {
  const { mi_datagram } = configWith('mi_datagram: { socket_name: "udp:[::1]:8889" }\n');
  expect(mi_datagram).toEqual({ socket_name: { ip: '::1', port: 8889 }, socket_timeout: 2_000 });
});
