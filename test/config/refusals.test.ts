import { describe, expect, test } from 'vitest';
import { LEAST, problemsOf, problemWith } from '../helpers/config.js';

const MS = 'must be a whole number of milliseconds from 0 to 2147483647';
const MS_FROM_1 = 'must be a whole number of milliseconds from 1 to 2147483647';

/** One wrong value each: the YAML under the least configuration, the path, and what the message has to say. */
const WRONG_VALUES: [yaml: string, path: string, message: string][] = [
  ['proto_msrp: { send_timeout: fast }', 'proto_msrp.send_timeout', `${MS}, not "fast"`],
  ['proto_msrp: { send_timeout: -1 }', 'proto_msrp.send_timeout', `${MS}, not -1`],
  ['proto_msrp: { send_timeout: 2147483648 }', 'proto_msrp.send_timeout', `${MS}, not 2147483648`],
  ['proto_msrp: { send_timeout: "100" }', 'proto_msrp.send_timeout', `${MS}, not "100" (write 100 without quotes)`],
  ['proto_msrp: { send_timeout: }', 'proto_msrp.send_timeout', `${MS}, not empty`],
  ['proto_msrp: { max_msg_chunks: 1.5 }', 'proto_msrp.max_msg_chunks', 'a whole number from 0 to 1000000, not 1.5'],
  ['proto_msrp: { tls_handshake_timeout: 0 }', 'proto_msrp.tls_handshake_timeout', `${MS_FROM_1}, not 0`],
  ['proto_msrp: { cert_check_on_conn_reusage: 2 }', 'proto_msrp.cert_check_on_conn_reusage', 'must be 0 or 1, not 2'],
  ['proto_msrp: { trace_on: true }', 'proto_msrp.trace_on', 'must be 0 or 1, not true (write 1)'],
  ['proto_msrp: { trace_on: off }', 'proto_msrp.trace_on', 'must be 0 or 1, not "off" (write 0)'],
  ['proto_msrp: { trace_on: { toString: 1 } }', 'proto_msrp.trace_on', 'must be 0 or 1, not a section'],
  ['proto_msrp: { trace_on: "1" }', 'proto_msrp.trace_on', 'must be 0 or 1, not "1" (write 1 without quotes)'],
  [
    'proto_msrp: { trace_destination: 5 }',
    'proto_msrp.trace_destination',
    'the name of a hep_id, or a list of names, not 5',
  ],
  [
    'proto_msrp: { trace_destination: [5] }',
    'proto_msrp.trace_destination[0]',
    'the name of a hep_id, not 5 (write "5" with',
  ],
  [
    'proto_msrp: { trace_filter_route: ../x }',
    'proto_msrp.trace_filter_route',
    'the name of a route (letters, digits, _ and -)',
  ],
  ['proto_msrp: { connect_timeout: 0 }', 'proto_msrp.connect_timeout', MS_FROM_1],
  ['proto_msrp: { idle_timeout: no }', 'proto_msrp.idle_timeout', `${MS}, not "no"`],
  ['proto_msrp: { half_close_timeout: [] }', 'proto_msrp.half_close_timeout', `${MS}, not an empty list`],
  ['proto_msrp: { on_parse_error: drop }', 'proto_msrp.on_parse_error', 'must be close or pass, not "drop"'],
  ['proto_msrp: { transaction_timeout: 30s }', 'proto_msrp.transaction_timeout', `${MS}, not "30s"`],
  ['proto_msrp: { trace_body: none }', 'proto_msrp.trace_body', 'must be text or full or headers, not "none"'],
  ['proto_msrp: { trace_legs: one }', 'proto_msrp.trace_legs', 'must be through or both, not "one"'],
  ['proto_msrp: { trace_max_payload: 511 }', 'proto_msrp.trace_max_payload', 'of octets from 512 to 60000, not 511'],
  ['proto_msrp: { correlation_wait: {} }', 'proto_msrp.correlation_wait', `${MS}, not a section`],
  ['proto_msrp: 5', 'proto_msrp', 'must be a section (keys with values), not 5'],
  [
    'proto_hep: { hep_id: "[a]b" }',
    'proto_hep.hep_id',
    'must be a list of "[NAME]HOST[:PORT];transport=tcp|udp|tls;version=3"',
  ],
  ['proto_hep: { hep_capture_id: 4294967296 }', 'proto_hep.hep_capture_id', 'from 0 to 4294967295, not 4294967296'],
  [
    'proto_hep: { hep_node_name: "tap é" }',
    'proto_hep.hep_node_name',
    '1 to 255 printable ASCII characters, not "tap é"',
  ],
  ['proto_hep: { hep_node_name: "a\\0b" }', 'proto_hep.hep_node_name', '1 to 255 printable ASCII characters'],
  [
    `proto_hep: { hep_node_name: ${'n'.repeat(256)} }`,
    'proto_hep.hep_node_name',
    '1 to 255 printable ASCII characters',
  ],
  ['proto_hep: { hep_payload_type: 0 }', 'proto_hep.hep_payload_type', 'from 1 to 255, not 0'],
  [
    'proto_hep: { hep_payload_type: text }',
    'proto_hep.hep_payload_type',
    '{ events: NUMBER, messages: NUMBER }, not "text"',
  ],
  ['proto_hep: { hep_payload_type: { events: 256 } }', 'proto_hep.hep_payload_type.events', 'from 1 to 255, not 256'],
  ['proto_hep: { hep_max_rate: -1 }', 'proto_hep.hep_max_rate', 'of packets a second from 0 to 1000000, not -1'],
  ['proto_hep: { hep_spool: yes }', 'proto_hep.hep_spool', 'must be a section (keys with values), not a text'],
  ['proto_hep: { hep_policy: first }', 'proto_hep.hep_policy', 'must be copies or failover, not "first"'],
  ['proto_hep: { hep_spool: {} }', 'proto_hep.hep_spool.dir', 'the path of a file'],
  [
    'proto_hep: { hep_spool: { dir: /tmp, max_bytes: 1000 } }',
    'proto_hep.hep_spool.max_bytes',
    'of octets from 1048576 to 1099511627776, not 1000',
  ],
  ['proto_hep: { hep_queue_bytes: 1 }', 'proto_hep.hep_queue_bytes', 'of octets from 16384 to 1073741824, not 1'],
  ['proto_hep: { homer5_on: 3 }', 'proto_hep.homer5_on', 'must be 0 or 1, not 3'],
  ['proto_hep: { homer5_delim: "" }', 'proto_hep.homer5_delim', '1 to 16 printable ASCII characters, not ""'],
  ['httpd: { ip: localhost }', 'httpd.ip', 'must be an IP address, not "localhost"'],
  ['httpd: { port: 65536 }', 'httpd.port', 'from 0 to 65535, not 65536'],
  ['mi_http: { root: /mi }', 'mi_http.root', 'without a slash'],
  ['mi_http: { root: readyz }', 'mi_http.root', 'neither healthz nor readyz, not "readyz"'],
  ['prometheus: { root: healthz }', 'prometheus.root', 'neither healthz nor readyz'],
  ['prometheus: { prefix: 1x }', 'prometheus.prefix', 'letters, digits and _, no digit first, not "1x"'],
  ['filters: [a]', 'filters', 'must be the path of a file, not a list'],
  ['limits: { max_connections: 0 }', 'limits.max_connections', 'from 1 to 1000000, not 0'],
  ['limits: { connections_per_source: -1 }', 'limits.connections_per_source', 'from 0 to 1000000, not -1'],
  ['limits: { accept_rate: fast }', 'limits.accept_rate', 'of connections a second from 0 to 1000000, not "fast"'],
  ['limits: { header_section: 512 }', 'limits.header_section', 'of octets from 1024 to 65536, not 512'],
  ['limits: { headers: 3 }', 'limits.headers', 'from 4 to 4096, not 3'],
  ['limits: { path_uris: 1 }', 'limits.path_uris', 'from 2 to 1024, not 1'],
  ['limits: { first_byte_timeout: 30s }', 'limits.first_byte_timeout', `${MS}, not "30s"`],
  ['limits: { link_buffer: 16384 }', 'limits.link_buffer', 'of octets from 65536 to 67108864, not 16384'],
  ['limits: { failure_events: 0 }', 'limits.failure_events', 'of events a second from 1 to 1000000, not 0'],
  ['drain_timeout: 10s', 'drain_timeout', `${MS}, not "10s"`],
  ['workers: 0', 'workers', 'must be a whole number from 1 to 256, or auto, not 0'],
  ['workers: 257', 'workers', 'must be a whole number from 1 to 256, or auto, not 257'],
  ['workers: 1.5', 'workers', 'must be a whole number from 1 to 256, or auto, not 1.5'],
  ['workers: many', 'workers', 'must be a whole number from 1 to 256, or auto, not "many"'],
  ['to_path: { allow: 10.0.0.0/8 }', 'to_path.allow', 'must be a list of IP[/PREFIX][:PORT|:FROM-TO]'],
  ['to_path: { timeout: 0 }', 'to_path.timeout', MS_FROM_1],
  ['to_path: { max_bytes: 16385 }', 'to_path.max_bytes', 'of octets from 1024 to 16384, not 16385'],
  ['mi_fifo: { fifo_mode: 0600 }', 'mi_fifo.fifo_mode', 'an octal file mode in quotes, as "0600", not 600'],
  ['mi_fifo: { fifo_mode: "0698" }', 'mi_fifo.fifo_mode', 'an octal file mode in quotes'],
  ['mi_fifo: { fifo_user: "-R" }', 'mi_fifo.fifo_user', 'the name or number of a user, not "-R"'],
  ['mi_fifo: { reply_dir: /nowhere/at/all }', 'mi_fifo.reply_dir', 'there is no folder /nowhere/at/all'],
  ['mi_fifo: { fifo_name: /nowhere/fifo }', 'mi_fifo.fifo_name', 'there is no folder /nowhere'],
  ['mi_fifo: { fifo_name: /dev/null }', 'mi_fifo.fifo_name', '/dev/null is no FIFO'],
  ['mi_datagram: {}', 'mi_datagram.socket_name', 'is missing; it must be udp:IP:PORT'],
  ['mi_datagram: { socket_name: "127.0.0.1:8889" }', 'mi_datagram.socket_name', 'must be udp:IP:PORT'],
  ['mi_datagram: { socket_name: "udp:127.0.0.1" }', 'mi_datagram.socket_name', 'must be udp:IP:PORT'],
  ['mi_datagram: { socket_name: "udp:localhost:8889" }', 'mi_datagram.socket_name', 'must be udp:IP:PORT'],
  ['mi_datagram: { socket_name: "udp:0.0.0.0:8889" }', 'mi_datagram.socket_name', 'must have a loopback address'],
  ['mi_datagram: { socket_name: /run/mi.sock }', 'mi_datagram.socket_name', 'Node.js has no UNIX datagram sockets'],
  ['log: { level: verbose }', 'log.level', 'debug or info or warn'],
];

/** The same with keys that do not exist. */
const WRONG_KEYS: [yaml: string, path: string, message: string][] = [
  ['proto_msrp: { send_timout: 1 }', 'proto_msrp.send_timout', 'no such key; did you mean send_timeout?'],
  ['proto_msrp: { max_msrp_chunks: 4 }', 'proto_msrp.max_msrp_chunks', 'no such key; did you mean max_msg_chunks?'],
  ['send_timeout: 1', 'send_timeout', 'no such key; did you mean proto_msrp.send_timeout?'],
  ['proto_hpe: {}', 'proto_hpe', 'no such key; did you mean proto_hep?'],
  ['mi_http: { zzz: 1 }', 'mi_http.zzz', 'no such key; there are root'],
  ['proto_hep: { hep_payload_type: { event: 1 } }', 'proto_hep.hep_payload_type.event', 'did you mean events?'],
  ['tls_mgm: { client_domain: { a: { ca_lst: x } } }', 'tls_mgm.client_domain.a.ca_lst', 'did you mean ca_list?'],
  ['__proto__: { a: 1 }', '__proto__', 'no such key'],
  [
    'mi_datagram: { socket_name: "udp:127.0.0.1:1", unix_socket_mode: "0600" }',
    'mi_datagram.unix_socket_mode',
    'Node.js has no UNIX datagram sockets',
  ],
];

const server = (keys: string): string =>
  `tls_mgm: { server_domain: { a: { certificate: c, private_key: k, ${keys} } } }`;

const WRONG_DOMAINS: [yaml: string, path: string, message: string][] = [
  ['tls_mgm: { server_domain: { a: { private_key: k } } }', 'tls_mgm.server_domain.a.certificate', 'is missing'],
  ['tls_mgm: { server_domain: { a: { certificate: k } } }', 'tls_mgm.server_domain.a.private_key', 'is missing'],
  ['tls_mgm: { server_domain: [] }', 'tls_mgm.server_domain', 'a section of domains by name, not an empty list'],
  ['tls_mgm: { client_domain: { 10: {} } }', 'tls_mgm.client_domain.10', 'must have a name of letters'],
  ['tls_mgm: { client_domain: { a: { certificate: c } } }', 'tls_mgm.client_domain.a.certificate', 'needs private_key'],
  ['tls_mgm: { client_domain: { a: { private_key: c } } }', 'tls_mgm.client_domain.a.private_key', 'needs certificate'],
  [server('verify_cert: yes'), 'tls_mgm.server_domain.a.verify_cert', 'must be 0 or 1, not "yes" (write 1)'],
  [server('require_cert: 2'), 'tls_mgm.server_domain.a.require_cert', 'must be 0 or 1, not 2'],
  [server('match_ip_address: host:5'), 'tls_mgm.server_domain.a.match_ip_address', 'IP or IP:PORT'],
  [server('match_ip_address: [1.2.3.4, 1.2.3.400]'), 'tls_mgm.server_domain.a.match_ip_address[1]', 'not "1.2.3.400"'],
  [server('match_sip_domain: "a*.com"'), 'tls_mgm.server_domain.a.match_sip_domain', '"*.HOST", or a list of them'],
  [
    server('tls_method: SSLv23'),
    'tls_mgm.server_domain.a.tls_method',
    'TLSv1_2-TLSv1_3 takes all that is not deprecated',
  ],
  [server('tls_method: TLSv1_3-TLSv1_2'), 'tls_mgm.server_domain.a.tls_method', 'not "TLSv1_3-TLSv1_2"'],
  [server('tls_method: TLSv1_4'), 'tls_mgm.server_domain.a.tls_method', 'not "TLSv1_4"'],
  [server('tls_method: ""'), 'tls_mgm.server_domain.a.tls_method', 'must be TLSv1_2'],
  [server('tls_method: TLSv1-TLSv1_2-TLSv1_3'), 'tls_mgm.server_domain.a.tls_method', 'a range as TLSv1_2-TLSv1_3'],
  [server('crl_check_all: 1'), 'tls_mgm.server_domain.a.crl_check_all', 'needs crl_dir'],
  ['tls_mgm: { client_domain: { a: { crl_check_all: 1 } } }', 'tls_mgm.client_domain.a.crl_check_all', 'needs crl_dir'],
  [server('ciphers_list: "A B"'), 'tls_mgm.server_domain.a.ciphers_list', 'must be a list of ciphers'],
  [server('ec_curve: [X25519]'), 'tls_mgm.server_domain.a.ec_curve', 'must be the name of a curve'],
];

describe.each([
  ['values', WRONG_VALUES],
  ['keys', WRONG_KEYS],
  ['TLS domains', WRONG_DOMAINS],
])('wrong %s', (_, table) => {
  test.each(table)('%s', (yaml, path, message) => {
    expect(problemWith(yaml)).toEqual({ path, line: 2, message: expect.stringContaining(message) });
  });
});

const listener = (socket: string, upstream = 'msrp:10.0.0.5'): string =>
  `listeners: [{ socket: "${socket}", upstream: "${upstream}" }]`;

const listeners = (keys: string): string => `listeners: [{ socket: "msrp:127.0.0.1", ${keys} }]`;

describe('wrong listeners', () => {
  test.each([
    ['', 'listeners', 'is missing'],
    ['listeners: []', 'listeners', 'at least one'],
    ['listeners: {}', 'listeners', 'must be a list'],
    ['listeners: [{ socket: "msrp:127.0.0.1" }]', 'listeners[0].upstream', 'is missing; it must be msrp:HOST[:PORT]'],
    [listener('127.0.0.1:2855'), 'listeners[0].socket', 'must be msrp:IP[:PORT] or msrps:IP[:PORT]'],
    [listener('tcp:127.0.0.1:2855'), 'listeners[0].socket', 'must be msrp:IP[:PORT]'],
    [listener('msrp:*'), 'listeners[0].socket', 'write msrp:0.0.0.0 '],
    [listener('msrp:*:7000'), 'listeners[0].socket', 'msrp:[::]:7000'],
    [listener('msrp:example.com'), 'listeners[0].socket', 'not the name "example.com"'],
    [listener('msrp:1.2.3.4.5'), 'listeners[0].socket', 'must be msrp:IP[:PORT]'],
    [listener('msrp:::1:2855'), 'listeners[0].socket', 'IPv6 address in brackets'],
    [listener('msrp:127.0.0.1:65536'), 'listeners[0].socket', 'not "msrp:127.0.0.1:65536"'],
    [listener('msrp:127.0.0.1', 'to_path'), 'listeners[0].upstream', 'to_path needs to_path.allow'],
    [listeners('upstream: []'), 'listeners[0].upstream', 'a list of 1 to 16 of them; or to_path, not an empty list'],
    [listeners('upstream: 5'), 'listeners[0].upstream', 'or to_path, not 5'],
    [listeners('upstream: [msrp:a, to_path]'), 'listeners[0].upstream[1]', 'to_path stands alone'],
    [listeners('upstream: [msrp:a, 10.0.0.5]'), 'listeners[0].upstream[1]', 'must be msrp:HOST[:PORT]'],
    [listeners('upstream: [msrp:a, "msrp:a:2855"]'), 'listeners[0].upstream[1]', 'msrp:a:2855 is in the list already'],
    [listeners('upstream: msrp:a, upstream_policy: random'), 'listeners[0].upstream_policy', 'ordered or round_robin'],
    [listeners('upstream: msrp:a, send_proxy: 3'), 'listeners[0].send_proxy', 'must be 0, 1 or 2, not 3'],
    [listeners('upstream: msrp:a, proxy_protocol: true'), 'listeners[0].proxy_protocol', 'must be a section'],
    [listeners('upstream: msrp:a, proxy_protocol: {}'), 'listeners[0].proxy_protocol.from', 'is missing'],
    [listeners('upstream: msrp:a, proxy_protocol: { from: [] }'), 'listeners[0].proxy_protocol.from', 'at least one'],
    [
      listeners('upstream: msrp:a, proxy_protocol: { from: [lb.example.com] }'),
      'listeners[0].proxy_protocol.from[0]',
      'must be an IP address, or IP/PREFIX, not "lb.example.com"',
    ],
    [
      `${listeners('upstream: to_path, upstream_policy: round_robin')}\nto_path: { allow: [10.0.0.5] }`,
      'listeners[0].upstream_policy',
      'leave it out with to_path',
    ],
    [listener('msrp:127.0.0.1', '10.0.0.5:2855'), 'listeners[0].upstream', 'must be msrp:HOST[:PORT]'],
    [listener('msrp:127.0.0.1', 'msrp:10.0.0.5:0'), 'listeners[0].upstream', 'a port from 1 to 65535'],
    [listener('msrp:127.0.0.1', 'msrp:a b'), 'listeners[0].upstream', 'not "msrp:a b"'],
  ])('%s', (yaml, path, message) => {
    const problems = problemsOf(yaml);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.path).toBe(path);
    expect(problems[0]?.message).toContain(message);
  });
});

describe('wrong ranges of to_path.allow', () => {
  test.each([
    '',
    '10.0.0.0/33',
    '10.0.0.0/8:0',
    '10.0.0.0/8:65536',
    '10.0.0.0/8:7000-2000',
    '10.0.0.0/8:2000-',
    '10.0.0.0/8:',
    'example.com:2855',
    '2001:db8:0:0:0:0:0:1:2855',
    '[2001:db8::1',
    '[10.0.0.1]:7:8',
  ])('%j', (range) => {
    expect(problemWith(`to_path: { allow: [${JSON.stringify(range)}] }`)).toEqual({
      path: 'to_path.allow[0]',
      line: 2,
      message: expect.stringContaining('as in "10.0.0.0/8:2000-7000"'),
    });
  });
});

test('a secret stands in no message', () => {
  const problems = problemsOf(`${LEAST}httpd: { token: hunter2 }\nproto_hep: { hep_auth_key: "geh\\theim" }`);
  expect(problems.map(({ path }) => path).toSorted((a, b) => (a < b ? 1 : -1))).toEqual([
    'proto_hep.hep_auth_key',
    'httpd.token',
  ]);
  expect(JSON.stringify(problems)).not.toMatch(/hunter2|heim/);
});

test('a long value is cut', () => {
  const [problem] = problemsOf(`${LEAST}proto_msrp: { on_parse_error: ${'x'.repeat(5_000)} }`);
  expect(problem?.message.length).toBeLessThan(200);
});

test.each([
  ['at the top', `${LEAST}__proto__: { httpd: { ip: 0.0.0.0 } }`, 2],
  ['in a section', `${LEAST}httpd: { port: 0,\n  __proto__: { ip: 0.0.0.0 } }`, 3],
  ['as the name of a domain', `${LEAST}tls_mgm: { server_domain: { __proto__: { certificate: a } } }`, 2],
  ['behind an anchor', `${LEAST}httpd: &a { "__proto__": { ip: 0.0.0.0 } }\nmi_http: *a`, 2],
])('__proto__ %s', (_, yaml, line) => {
  expect(problemsOf(yaml)).toEqual([{ path: '__proto__', message: 'no such key', line }]);
  expect(Object.hasOwn(Object.prototype, 'httpd')).toBe(false);
});

test('everything that is wrong is told, each with its line', () => {
  const problems = problemsOf(`listeners:
  - socket: msrp:nowhere.example.com
    upstream: msrp:10.0.0.5
proto_msrp:
  send_timeout: soon
  trace_destination: homer
httpd:
  ip: 0.0.0.0
prometheus:
  root: mi
wrokers: 1
`);
  expect(Object.fromEntries(problems.map(({ path, line }) => [path, line]))).toEqual({
    'httpd.token': 7,
    'listeners[0].socket': 2,
    'prometheus.root': 10,
    'proto_msrp.send_timeout': 5,
    wrokers: 11,
  });
});
