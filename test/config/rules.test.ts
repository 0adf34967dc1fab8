import { describe, expect, test } from 'vitest';
import { LEAST, problemsOf } from '../helpers/config.js';

const hep = (...ids: string[]): string => `proto_hep: { hep_id: ${JSON.stringify(ids)} }\n`;
const listeners = (...sockets: string[]): string =>
  `listeners: ${JSON.stringify(sockets.map((socket) => ({ socket, upstream: 'msrp:10.0.0.5' })))}\n`;
const domain = (match: string): string =>
  `tls_mgm: { server_domain: { a: { certificate: c, private_key: k, match_ip_address: ${JSON.stringify(match)} } } }\n`;

describe('what cannot be together', () => {
  test.each([
    [
      'a socket twice',
      listeners('msrp:127.0.0.1:7000', 'msrp:127.0.0.1:7000'),
      'listeners[1].socket',
      'of listeners[0]',
    ],
    ['a socket twice, spelt otherwise', listeners('msrp:[::1]:7', 'msrp:[0:0::1]:7'), 'listeners[1].socket', '[::1]:7'],
    [
      'the default port twice',
      listeners('msrp:127.0.0.1', 'msrp:127.0.0.1:2855'),
      'listeners[1].socket',
      '127.0.0.1:2855',
    ],
    ['a listener on the socket of httpd', listeners('msrp:127.0.0.1:8888'), 'httpd.port', 'of listeners[0]'],
    [
      'msrps without a domain',
      listeners('msrps:0.0.0.0'),
      'listeners[0].socket',
      'no tls_mgm.server_domain matches 0.0.0.0:2855',
    ],
    [
      'msrps, a domain of another address',
      listeners('msrps:10.0.0.1') + domain('10.0.0.2'),
      'listeners[0].socket',
      'add one',
    ],
    [
      'msrps, a domain of another port',
      listeners('msrps:0.0.0.0') + domain('10.0.0.2:1'),
      'listeners[0].socket',
      'add one',
    ],
    ['a hep_id name twice', LEAST + hep('[a]h', '[a]i'), 'proto_hep.hep_id[1]', 'the name a is taken'],
    [
      'a destination that is not there',
      `${LEAST}proto_msrp: { trace_destination: homr }\n${hep('[homer]h')}`,
      'proto_msrp.trace_destination',
      'no proto_hep.hep_id has the name "homr"; there is homer',
    ],
    [
      'a destination twice',
      `${LEAST}proto_msrp: { trace_destination: [a, a] }\n${hep('[a]h')}`,
      'proto_msrp.trace_destination',
      'a is listed twice',
    ],
    [
      'httpd for everybody',
      `${LEAST}httpd: { ip: 0.0.0.0 }`,
      'httpd.token',
      'is required unless httpd.ip is a loopback address',
    ],
    ['metrics on the socket of httpd', `${LEAST}prometheus: { port: 8888 }`, 'prometheus.port', 'of httpd'],
    [
      'metrics over TLS without a port of their own',
      `${LEAST}${domain('*')}prometheus: { tls_domain: a }`,
      'prometheus.tls_domain',
      'needs prometheus.port',
    ],
    [
      'a token for metrics in two places',
      `${LEAST}prometheus: { port: 9, token: 0123456789abcdef, token_file: x }`,
      'prometheus.token_file',
      'is in the place of prometheus.token',
    ],
    [
      'a domain of httpd that is not there',
      `${LEAST}${domain('*')}httpd: { tls_domain: b }`,
      'httpd.tls_domain',
      'no tls_mgm.server_domain has the name "b"; there is a',
    ],
    [
      'a domain of httpd that is there for every object',
      `${LEAST}${domain('*')}httpd: { tls_domain: constructor }`,
      'httpd.tls_domain',
      'no tls_mgm.server_domain has the name "constructor"',
    ],
    [
      'a domain of httpd for old peers',
      `${LEAST}tls_mgm: { server_domain: { a: { certificate: c, private_key: k, tls_method: TLSv1-TLSv1_2 } } }
httpd: { tls_domain: a }`,
      'httpd.tls_domain',
      'tokens need TLSv1.2 at least',
    ],
    [
      'one root for two',
      `${LEAST}mi_http: { root: x }\nprometheus: { root: x }`,
      'prometheus.root',
      'must differ from mi_http.root',
    ],
    [
      'less room for all readers than for one',
      `${LEAST}workers: 2\nlimits: { link_buffer: 2097152, buffer: 3000000 }`,
      'limits.buffer',
      '3000000 is less than link_buffer (2097152) for each of the workers, who share it; set 4194304 at least',
    ],
    [
      'a spool that is too little for all workers',
      `${LEAST}workers: 3\nproto_hep: { hep_spool: { dir: /tmp, max_bytes: 2097152 } }`,
      'proto_hep.hep_spool.max_bytes',
      '2097152 is too little for 3 workers, who share it; set 3145728 at least',
    ],
    [
      'a spool in a folder that is not there',
      `${LEAST}proto_hep: { hep_spool: { dir: /nowhere/spool } }`,
      'proto_hep.hep_spool.dir',
      'there is no folder /nowhere',
    ],
    [
      'a spool in the place of a file',
      `${LEAST}proto_hep: { hep_spool: { dir: ${JSON.stringify(import.meta.filename)} } }`,
      'proto_hep.hep_spool.dir',
      'is no folder: name another, or remove it',
    ],
    [
      'a route without a file',
      `${LEAST}proto_msrp: { trace_filter_route: none }\nfilters: lib`,
      'proto_msrp.trace_filter_route',
      'there is no file /etc/msrptap/lib/none.js',
    ],
  ])('%s', (_, yaml, path, message) => {
    const problems = problemsOf(yaml);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.path).toBe(path);
    expect(problems[0]?.message).toContain(message);
  });
});

function listener(ip: string): string {
  return `- { socket: "msrp:${ip}:7000", upstream: "msrp:10.0.0.1" }`;
}

test.each([
  ['0.0.0.0', '127.0.0.1', true],
  ['[::]', '127.0.0.1', true],
  ['[::]', '0.0.0.0', true],
  ['[::]', '[::1]', true],
  ['[::1]', '[0:0:0:0:0:0:0:1]', true],
  ['0.0.0.0', '[::1]', false],
  ['127.0.0.1', '127.0.0.2', false],
])('listeners on one port of %s and %s: %s', (one, other, isRefused) => {
  const problems = problemsOf(`listeners:\n${listener(one)}\n${listener(other)}\n`);
  expect(problems.map(({ path }) => path)).toEqual(isRefused ? ['listeners[1].socket'] : []);
});

describe('what can', () => {
  test.each([
    ['any free port, twice', listeners('msrp:127.0.0.1:0', 'msrp:127.0.0.1:0')],
    ['one port on two addresses', listeners('msrp:127.0.0.1:7000', 'msrp:127.0.0.2:7000')],
    ['msrps, a domain of one address of all', listeners('msrps:0.0.0.0') + domain('10.0.0.2:2855')],
    ['msrps, a domain of its address', listeners('msrps:[::1]:7') + domain('[0::1]:7')],
    ['httpd for everybody, with a token', `${LEAST}httpd: { ip: "::", token: 0123456789abcdef }`],
    ['httpd on any loopback address', `${LEAST}httpd: { ip: 127.1.2.3 }`],
  ])('%s', (_, yaml) => {
    expect(problemsOf(yaml)).toEqual([]);
  });
});
