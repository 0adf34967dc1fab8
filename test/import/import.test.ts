/** What `msrptap import` prints: a configuration that msrptap reads, and comments for the rest. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { timeoutRisks } from '#src/check.js';
import { parseConfig } from '#src/config.js';
import { importCfg } from '#src/import/import.js';
import { problemsOf } from '../helpers/config.js';

const SOCKET = 'socket=msrp:127.0.0.1:65432\n';

const set = (module: string, name: string, value: string | number): string =>
  `modparam("${module}", "${name}", ${typeof value === 'number' ? value : JSON.stringify(value)})\n`;
const msrp = (name: string, value: string | number): string => set('proto_msrp', name, value);
const tls = (name: string, value: string): string => set('tls_mgm', name, value);

/** What the YAML says, without comments. */
function imported(cfg: string): Record<string, unknown> {
  return (parse(importCfg(cfg, 'opensips.cfg')) ?? {}) as Record<string, unknown>;
}

/** The comments, blanks folded: where a line ends is of no importance. */
function remarks(cfg: string): string {
  const lines = importCfg(cfg, 'opensips.cfg').split('\n');
  return lines.flatMap((line) => /^\s*#\s?(.*)$/.exec(line)?.[1] ?? []).join(' ');
}

/** The YAML with its places filled in, as whoever reads the comments would do. */
function completed(cfg: string): string {
  return importCfg(cfg, 'opensips.cfg')
    .replaceAll(/# (upstream: msrp):HOST:PORT .*/g, '$1:192.0.2.9:2855')
    .replaceAll(/# (certificate|private_key): PATH .*/g, '$1: some.pem')
    .replaceAll(/# (token): SECRET .*/g, '$1: 0123456789abcdef');
}

const domains = (cfg: string): unknown => imported(SOCKET + cfg)['tls_mgm'];
const files = (name: string): string => tls('certificate', `[${name}]/c.pem`) + tls('private_key', `[${name}]/k.pem`);

/** The module that stands in the comments. */
function moduleIn(text: string): string {
  const lines = importCfg(text, 'opensips.cfg').split('\n');
  const start = lines.findIndex((line) => /^# filters\/.*\.js has to be written/.test(line));
  expect(start).toBeGreaterThan(0);
  return lines
    .slice(start + 1)
    .map((line) => line.replace(/^#(?: {3})?/, ''))
    .join('\n');
}

async function run(module: string): Promise<{ name: string; dropped: number }> {
  const url = `data:text/javascript,${encodeURIComponent(module)}`;
  const { default: route } = (await import(url)) as { default: (input: object, ways: object) => void };
  let dropped = 0;
  route({ si: '1.1.1.1' }, { drop: () => (dropped += 1), exit: () => {} });
  return { name: route.name, dropped };
}

const many = (line: (i: number) => string): string => Array.from({ length: 1_000 }, (_, i) => line(i)).join('');

describe("the document's examples", () => {
  const cfg = `
...
socket=msrp:127.0.0.1:65432
socket=msrps:127.0.0.1:65431
...
${msrp('send_timeout', 200)}
modparam("proto_msrp", "max_msg_chunks", 8)
modparam("proto_msrp", "tls_handshake_timeout", 200) # number of milliseconds
modparam("proto_msrp", "cert_check_on_conn_reusage", 1)
modparam("proto_hep", "hep_id", "[hep_dest]10.0.0.2;transport=tcp;version=3")
modparam("proto_msrp", "trace_destination", "hep_dest")
modparam("proto_msrp", "trace_on", 1)
modparam("tls_mgm", "server_domain", "dom")
modparam("tls_mgm", "certificate", "[dom]/etc/opensips/cert.pem")
modparam("tls_mgm", "private_key", "[dom]/etc/opensips/key.pem")
`;

  test('are carried over, but for the next hops', () => {
    expect(problemsOf(importCfg(cfg, 'opensips.cfg')).map(({ path, message }) => [path, message])).toEqual([
      ['listeners[0].upstream', expect.stringMatching(/^is missing/)],
      ['listeners[1].upstream', expect.stringMatching(/^is missing/)],
    ]);
  });

  test('are a configuration once those are filled in', () => {
    const config = parseConfig(completed(cfg), '/etc/msrptap/msrptap.yaml');
    expect(config.listeners.map(({ proto, ip, port }) => [proto, ip, port])).toEqual([
      ['msrp', '127.0.0.1', 65432],
      ['msrps', '127.0.0.1', 65431],
    ]);
    expect(config.proto_msrp).toMatchObject({
      send_timeout: 200,
      max_msg_chunks: 8,
      tls_handshake_timeout: 200,
      cert_check_on_conn_reusage: 1,
      trace_destination: ['hep_dest'],
      trace_on: 1,
    });
    expect(config.proto_hep.hep_id).toEqual([{ name: 'hep_dest', host: '10.0.0.2', port: 9060, transport: 'tcp' }]);
    expect(config.tls_mgm.server_domain['dom']).toMatchObject({
      certificate: '/etc/opensips/cert.pem',
      private_key: '/etc/opensips/key.pem',
      verify_cert: 1,
      require_cert: 1,
    });
  });

  test('say above each limit what check warns of', () => {
    const { proto_msrp } = parseConfig(completed(cfg), '/etc/msrptap/msrptap.yaml');
    const risks = timeoutRisks({ proto_msrp });
    expect(risks).toHaveLength(3);
    for (const risk of risks) expect(remarks(cfg)).toContain(risk);
  });
});

test('what opensips.cfg leaves to its defaults has them here', () => {
  const cfg = `${SOCKET}${set('proto_hep', 'hep_id', '[h]10.0.0.2')}`;
  expect(imported(cfg)).toEqual({
    listeners: [{ socket: 'msrp:127.0.0.1:65432' }],
    proto_msrp: { send_timeout: 100, max_msg_chunks: 4, tls_handshake_timeout: 100 },
    proto_hep: { hep_id: ['[h]10.0.0.2'], homer5_on: 1 },
  });
});

describe('sockets', () => {
  test.each([
    ['listen=msrp:10.0.0.1:5000', ['msrp:10.0.0.1:5000'], ''],
    ['socket=MSRPS:[2001:db8::1]:2856', ['msrps:[2001:db8::1]:2856'], ''],
    ['socket=msrp:10.0.0.1', ['msrp:10.0.0.1'], 'OpenSIPS takes one at random, msrptap 2855'],
    ['socket=msrp:*:2855', ['msrp:0.0.0.0:2855'], 'add a listener on [::]'],
    ['socket=msrp:10.0.0.1:5000-5002', ['msrp:10.0.0.1:5000', 'msrp:10.0.0.1:5001', 'msrp:10.0.0.1:5002'], ''],
    [`${SOCKET}socket=udp:10.0.0.1:5060`, ['msrp:127.0.0.1:65432'], ''],
    [
      `${SOCKET}socket=msrp:eth0:2855`,
      ['msrp:127.0.0.1:65432'],
      'line 2: the socket msrp:eth0:2855 is not carried over',
    ],
    [`${SOCKET}socket=msrp:10.0.0.1:99999`, ['msrp:127.0.0.1:65432'], 'line 2: the socket msrp:10.0.0.1:99999 is not'],
    ['socket=msrp:10.0.0.1:2855 as 192.0.2.1', ['msrp:10.0.0.1:2855'], '"as 192.0.2.1" is not carried over'],
  ])('%s', (cfg, sockets, remark) => {
    expect(imported(cfg)['listeners']).toEqual(sockets.map((socket) => ({ socket })));
    expect(remarks(cfg)).toContain(remark);
  });

  test('none: the place is named', () => {
    expect(imported('socket=udp:10.0.0.1:5060')['listeners']).toBeUndefined();
    expect(remarks('socket=udp:10.0.0.1:5060')).toContain('listeners: there was no socket=msrp');
  });

  test('a range is bounded', () => {
    expect(imported('socket=msrp:10.0.0.1:1-65535')['listeners']).toHaveLength(256);
  });
});

describe('TLS domains', () => {
  const FILES = { certificate: '/c.pem', private_key: '/k.pem' };

  test('server and client domains, in quotes or not: numbers are numbers', () => {
    const cfg = [
      tls('server_domain', 'a') + tls('match_ip_address', '[a]10.0.0.10:5061, 10.0.0.11:5061') + files('a'),
      tls('verify_cert', '[a] 0') + tls('require_cert', '[a]0') + tls('tls_method', '[a]TLSv1_2-TLSv1_3'),
      tls('client_domain', 'b') + tls('ca_list', '[b]/ca.pem') + tls('match_sip_domain', '[b]core.example.com'),
    ].join('');
    expect(domains(cfg)).toEqual({
      server_domain: {
        a: {
          match_ip_address: '10.0.0.10:5061, 10.0.0.11:5061',
          ...FILES,
          verify_cert: 0,
          require_cert: 0,
          tls_method: 'TLSv1_2-TLSv1_3',
        },
      },
      client_domain: { b: { ca_list: '/ca.pem', match_sip_domain: 'core.example.com' } },
    });
  });

  test('a name of both is that of the server domain, as in OpenSIPS', () => {
    const cfg = tls('client_domain', 'a') + tls('server_domain', 'a') + files('a');
    expect(domains(cfg)).toEqual({ server_domain: { a: FILES }, client_domain: { a: { match_ip_address: '*' } } });
  });

  test('the forms of OpenSIPS 2: NAME=ADDRESS, NAME:VALUE, and no name at all', () => {
    const cfg = [
      tls('server_domain', 'a=10.0.0.10:5061') + tls('certificate', 'a:/c.pem') + tls('private_key', 'a:/k.pem'),
      tls('certificate', '/default.pem') + tls('private_key', '/default.key') + tls('require_cert', '0'),
    ].join('');
    expect(domains(cfg)).toEqual({
      server_domain: {
        a: { match_ip_address: '10.0.0.10:5061', ...FILES },
        default: { certificate: '/default.pem', private_key: '/default.key', require_cert: 0 },
      },
      client_domain: { default: { certificate: '/default.pem', private_key: '/default.key' } },
    });
  });

  test('the most specific come first, as msrptap uses the first that matches', () => {
    const cfg = [
      tls('server_domain', 'any') + files('any') + tls('server_domain', 'named') + files('named'),
      tls('match_sip_domain', '[named]a.example.com') + tls('server_domain', 'both') + files('both'),
      tls('match_sip_domain', '[both]b.example.com') + tls('match_ip_address', '[both]10.0.0.1:2856'),
    ].join('');
    expect(Object.keys((domains(cfg) as { server_domain: object }).server_domain)).toEqual(['both', 'named', 'any']);
  });

  test('names that msrptap does not take are changed, and stay different', () => {
    const cfg = ['1a', '_1a', 'ä', '__proto__'].map((name) => tls('server_domain', name) + files(name)).join('');
    const { server_domain } = domains(cfg) as { server_domain: object };
    expect(problemsOf(importCfg(cfg, 'opensips.cfg')).map(({ path }) => path)).not.toContain('__proto__');
    expect(Object.entries(server_domain)).toEqual([
      ['_1a', FILES],
      ['_1a_2', FILES],
      ['_', FILES],
      ['___proto__', FILES],
    ]);
    expect(remarks(cfg)).toContain('called "1a" in opensips.cfg');
  });

  test('the certificate that OpenSIPS looks for beside its cfg is to be filled in', () => {
    const cfg = SOCKET + tls('server_domain', 'a') + tls('verify_cert', '[a]0');
    expect(remarks(cfg)).toContain('certificate: PATH');
    expect(problemsOf(importCfg(cfg, 'opensips.cfg')).map(({ path }) => path)).toEqual([
      'listeners[0].upstream',
      'tls_mgm.server_domain.a.certificate',
      'tls_mgm.server_domain.a.private_key',
    ]);
    expect(problemsOf(completed(cfg))).toEqual([]);
  });

  test('a domain that nobody defined', () => {
    expect(remarks(SOCKET + tls('certificate', '[x]/c.pem'))).toContain('is for a domain that is not defined');
  });
});

describe('what msrptap refuses is commented out, with the reason', () => {
  test.each([
    [
      'a version of HEP',
      set('proto_hep', 'hep_id', '[h]10.0.0.2;version=2'),
      /not usable here: version must be 3.* - '?\[h\]/,
    ],
    ['a number out of range', msrp('send_timeout', -1), /not usable here: must be a whole number .* send_timeout: -1/],
    ['text for a number', msrp('max_msg_chunks', 'many'), /not usable here: must be .* max_msg_chunks: many/],
    [
      'a route with a strange name',
      msrp('trace_filter_route', 'a/b'),
      /not usable here: must be .* trace_filter_route: a\/b/,
    ],
    [
      'a hep_id that is missing',
      msrp('trace_destination', 'x'),
      /not usable here: no proto_hep.hep_id has .* trace_destination: x/,
    ],
    [
      'a hep_id that is commented out itself',
      set('proto_hep', 'hep_id', '[x]10.0.0.2;version=1') + msrp('trace_destination', 'x'),
      /not usable here: no proto_hep.hep_id has .* trace_destination: x/,
    ],
    ['a port', set('httpd', 'port', 123456), /not usable here: must be .* port: 123456/],
  ])('%s', (_, cfg, remark) => {
    const text = SOCKET + cfg;
    expect(remarks(text)).toMatch(remark);
    expect(problemsOf(completed(text))).toEqual([]);
  });

  test('with the lines above it that are about it', () => {
    const lines = importCfg(SOCKET + msrp('send_timeout', -1), 'opensips.cfg').split('\n');
    const last = lines.indexOf('  # send_timeout: -1');
    expect(lines.slice(0, last + 1).findLast((line) => !line.startsWith('  # '))).toBe('proto_msrp:');
  });

  test('what is wrong with something that does not stand there is told at the end', () => {
    expect(remarks(SOCKET + set('mi_http', 'mi_http_root', 'metrics'))).toMatch(
      /still to be settled: prometheus\.root: must differ/,
    );
    expect(remarks('socket=msrps:10.0.0.1:2856')).toMatch(/still to be settled: listeners\[0\]\.socket: no tls_mgm/);
  });

  test('httpd on another address than a loopback one needs a token', () => {
    const cfg = SOCKET + set('httpd', 'ip', '10.0.0.1');
    expect(remarks(cfg)).toContain('token: SECRET');
    expect(problemsOf(completed(cfg))).toEqual([]);
  });
});

test('what has no counterpart is named, without its value', () => {
  const cfg = `${SOCKET}${tls('db_url', 'mysql://root:hush@localhost/x')}${set('httpd', 'auth_password', 'hush')}`;
  expect(remarks(cfg)).toContain('line 2: modparam("tls_mgm", "db_url", …) has no counterpart');
  expect(remarks(cfg)).toContain('line 3: modparam("httpd", "auth_password", …) has no counterpart');
  expect(importCfg(cfg, 'opensips.cfg')).not.toContain('hush');
});

test('of a parameter that is set twice, the last counts', () => {
  expect(imported(SOCKET + msrp('trace_on', 0) + msrp('trace_on', 1))['proto_msrp']).toMatchObject({ trace_on: 1 });
});

test("the document's other name of max_msg_chunks", () => {
  const cfg = SOCKET + msrp('max_msrp_chunks', 64);
  expect(imported(cfg)['proto_msrp']).toMatchObject({ max_msg_chunks: 64 });
});

describe('the route', () => {
  const body = 'if ( $si == "1.1.1.1" && $sp == 8000 )\n\t\texit;\n\telse\n\t\tdrop;';
  const cfg = `${SOCKET}${msrp('trace_filter_route', 'msrp_filter')}route[msrp_filter] {\n\t${body}\n}\n`;

  test('its body stands in a module that traces nothing yet', async () => {
    const module = moduleIn(cfg);
    expect(module).toContain('//   if ( $si == "1.1.1.1" && $sp == 8000 )\n//     exit;\n//   else\n//     drop;');
    expect(await run(module)).toEqual({ name: 'msrp_filter', dropped: 1 });
    expect(imported(cfg)['proto_msrp']).toMatchObject({ trace_filter_route: 'msrp_filter' });
  });

  test.each(['\u2028drop', '\r throw 1', '*/ throw 1', '\u0085x', '${x}`'])(
    '%j in it stays a comment',
    async (text) => {
      const hostile = `${SOCKET}${msrp('trace_filter_route', 'r')}route[r] { # ${text}\n }`;
      expect(await run(moduleIn(hostile))).toEqual({ name: 'r', dropped: 1 });
    },
  );

  test.each(['class', 'await', '7', 'a-b'])('a name that no function can have: %s', async (name) => {
    const other = `${SOCKET}${msrp('trace_filter_route', name)}route[${name}] { exit; }`;
    expect(await run(moduleIn(other))).toEqual({ name: 'route', dropped: 1 });
  });

  test('one that is in another file', () => {
    expect(remarks(SOCKET + msrp('trace_filter_route', 'gone'))).toContain('there is no route[gone] in this file');
  });
});

test('whatever stands in an opensips.cfg, what is printed is YAML that msrptap takes once it is filled in', () => {
  const names = fc.constantFrom(
    'send_timeout',
    'trace_on',
    'trace_destination',
    'trace_filter_route',
    'hep_id',
    'root',
  );
  const modules = fc.constantFrom('proto_msrp', 'proto_hep', 'tls_mgm', 'httpd', 'mi_http', 'prometheus');
  const tlsNames = fc.constantFrom(
    'server_domain',
    'client_domain',
    'certificate',
    'match_ip_address',
    'tls_method',
    'ip',
  );
  const texts = fc.oneof(
    fc.constantFrom(
      '[a]',
      '[a]x',
      'a',
      '1',
      '0600',
      '#',
      "'",
      ': ',
      '- x',
      '&a',
      '*a',
      '!t',
      '{}',
      '\n',
      '__proto__',
      '%',
      '~',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const quoted = texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`);
  const lines = fc.oneof(
    fc
      .tuple(modules, fc.oneof(names, tlsNames), quoted)
      .map(([module, name, value]) => `modparam("${module}","${name}",${value})`),
    fc.tuple(fc.constantFrom('msrp', 'msrps'), texts).map(([proto, text]) => `socket=${proto}:${text}`),
    texts.map((text) => `route[${text}] {${text}}`),
  );
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 12 }), (parts) => {
      const text = completed(`${SOCKET}${parts.join('\n')}`);
      const problems = problemsOf(text).map(({ path, message }) => `${path} ${message}`);
      // Of the machine, or for whoever configures to decide.
      const open = /there is no file|no tls_mgm\.server_domain matches|is the socket of/;
      expect(problems.filter((problem) => !open.test(problem))).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test('a thousand of everything is bounded', () => {
  const cfg = [
    many((i) => `socket=msrp:10.0.0.1:${i + 1}\n`),
    many((i) => tls('server_domain', `d${i}`)),
    many((i) => set('proto_hep', 'hep_id', `[h${i}]10.0.0.2`)),
    many((i) => set('proto_hep', `x${i}`, 'y')),
    `${msrp('trace_filter_route', 'r')}route[r] {${'\n exit;'.repeat(1_000)}}`,
  ].join('');
  const lines = importCfg(cfg, 'opensips.cfg').split('\n');
  expect(lines.length).toBeLessThan(2_500);
});
