/** What is read of an opensips.cfg, by the rules of its lexer and grammar. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCfg, type Cfg } from '#src/import/cfg-statements.js';

function values(text: string): string[] {
  return readCfg(text).parameters.map(({ value }) => value);
}

const parameter = (value: string): string => `modparam("m", "p", ${value})`;

describe('strings', () => {
  test.each([
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    [String.raw`"\x41\x4a\101\n"`, 'AJA\n'],
    [String.raw`'a\"b'`, String.raw`a\"b`],
    [String.raw`"\w+"`, String.raw`\w+`],
    ['"two\nlines"', 'two\nlines'],
    ['"one\\\nline"', 'oneline'],
    ['"folded " "into" \' one\'', 'folded into one'],
    ['"# no /* comment */ // here"', '# no /* comment */ // here'],
    ['""', ''],
  ])('%s', (given, value) => {
    expect(values(parameter(given))).toEqual([value]);
  });
});

test.each([
  ['10', '10'],
  ['+10', '10'],
  ['-1', '-1'],
  ['0600', '0600'],
  ['0x1F', '0x1F'],
])('the number %s', (given, value) => {
  expect(readCfg(parameter(given)).parameters).toEqual([{ module: 'm', name: 'p', value, line: 1 }]);
});

describe('comments', () => {
  test.each([
    ['to the end of the line', `# ${parameter('1')}\n${parameter('2')} # 3`],
    ['behind slashes', `// ${parameter('1')}\n${parameter('2')} // 3`],
    ['over lines', `/* ${parameter('1')}\n*/${parameter('2')}/**/`],
    ['within each other', `/* /* ${parameter('1')} */ ${parameter('3')} */ ${parameter('2')}`],
  ])('%s', (_, text) => {
    expect(values(text)).toEqual(['2']);
  });

  test('inside a parameter', () => {
    expect(values('modparam("m", # first\n"p" /* second */,\n\n1)')).toEqual(['1']);
  });
});

test('each module of an expression has the parameter', () => {
  const modules = readCfg('modparam("tls_mgm | proto_msrp","p",1)').parameters.map(({ module }) => module);
  expect(modules).toEqual(['tls_mgm', 'proto_msrp']);
});

test.each([
  'modparam',
  'modparam(',
  'modparam("m")',
  'modparam("m", p, 1)',
  'modparam("m", "p", )',
  'modparam("m","p",x)',
])('what is no parameter is told: %s', (text) => {
  const { parameters, remarks } = readCfg(`\n${text}\n${parameter('1')}`);
  expect(remarks).toEqual([{ line: 2, text: expect.stringContaining('cannot be read') as string }]);
  expect(parameters.map(({ value, line }) => [value, line])).toEqual([['1', 3]]);
});

describe('sockets', () => {
  test.each([
    ['socket=msrp:127.0.0.1:65432', 'msrp:127.0.0.1:65432', []],
    ['listen=msrps:10.0.0.1', 'msrps:10.0.0.1', []],
    ['socket = msrp : 10.0.0.1 : 2855', 'msrp:10.0.0.1:2855', []],
    ['socket= msrp:[2001:db8::1]:2855', 'msrp:[2001:db8::1]:2855', []],
    ['socket=msrp:*:2855', 'msrp:*:2855', []],
    ['socket=msrp:10.0.0.1:5000-5010 # more', 'msrp:10.0.0.1:5000-5010', []],
    [
      'socket=msrp:10.0.0.1:2855 as 192.0.2.1:2855 use_workers 4\n anycast TAG left send_proxy',
      'msrp:10.0.0.1:2855',
      ['as 192.0.2.1:2855', 'use_workers 4', 'anycast', 'tag left', 'send_proxy'],
    ],
  ])('%s', (text, address, options) => {
    expect(readCfg(`${text}\nmpath="x"\n`).sockets).toEqual([{ address, options, line: 1 }]);
  });

  test('one after another', () => {
    const text = 'socket=udp:10.0.0.1:5060\nsocket=msrp:10.0.0.1:2855\nlog_level=3\nsocket=msrps:10.0.0.1:2856';
    expect(readCfg(text).sockets.map(({ address, line }) => [address, line])).toEqual([
      ['udp:10.0.0.1:5060', 1],
      ['msrp:10.0.0.1:2855', 2],
      ['msrps:10.0.0.1:2856', 4],
    ]);
  });

  test('a comparison in a route is none', () => {
    expect(readCfg('route { if ($socket_in(ip) == "a") { $var(socket)=1; socket=udp:1.1.1.1; } }').sockets).toEqual([]);
  });
});

function bodyOf(name: string, text: string): string | undefined {
  return readCfg(text).routes.get(name)?.body;
}

describe('routes', () => {
  test('their bodies as they stand there', () => {
    const text =
      'route {\n  exit;\n}\nroute[a] {\n  if (1) { drop; } # }\n  "}"\n}\nroute[b, 5]{}\nfailure_route[a]{no}';
    expect(bodyOf('a', text)).toBe('\n  if (1) { drop; } # }\n  "}"\n');
    expect(bodyOf('b', text)).toBe('');
    expect([...readCfg(text).routes.keys()]).toEqual(['', 'a', 'b']);
    expect(readCfg(text).routes.get('a')?.line).toBe(4);
  });

  test('variables with braces, quotes and hashes in them', () => {
    const body = ' $var(x) = $(ru{s.select,1,#}); if ($(hdr(a)[-1]) == "x") { drop; } ';
    expect(bodyOf('a', `route[a]{${body}}route[b]{}`)).toBe(body);
  });

  test('one that does not end has the rest', () => {
    expect(bodyOf('a', 'route[a] { if (1) { drop;')).toBe(' if (1) { drop;');
  });
});

test('modules, without folder and ending', () => {
  const { modules } = readCfg(
    'loadmodule "proto_msrp.so"\nloadmodule "/usr/lib/opensips/modules/httpd.so" loadmodule "x"',
  );
  expect([...modules]).toEqual(['proto_msrp', 'httpd', 'x']);
});

test('what is not followed is told, with its line', () => {
  const text = '#!/usr/sbin/opensips\n#!define X\n#!ifdef X\ninclude_file "a.cfg"\nimport_file \'b.cfg\'\n';
  expect(readCfg(text).remarks.map(({ line, text: remark }) => `${line} ${remark}`)).toEqual([
    expect.stringMatching(/^2 #!define /),
    expect.stringMatching(/^3 #!ifdef /),
    expect.stringMatching(/^4 include_file "a.cfg" was not followed/),
    expect.stringMatching(/^5 import_file "b.cfg" was not followed/),
  ]);
});

test.each([
  ['"', 'string'],
  ['/* /* */', 'comment'],
])('%s never ends, and what is before it is read', (rest, what) => {
  const { parameters, remarks } = readCfg(`${parameter('1')}\n${rest} ${parameter('2').replaceAll('"', '')}`);
  expect(parameters).toHaveLength(1);
  expect(remarks).toEqual([{ line: 2, text: `this ${what} does not end: nothing behind it was read` }]);
});

test('anything can be read', () => {
  const marks = `" ' /* */ // # #!ifdef \\ { } ( ) [ ] = , $( msrp: 1 0x : |`.split(' ');
  const words = ['modparam', 'socket', 'route', 'x_route', 'loadmodule', 'include_file', '__proto__', '\n', ' '];
  const pieces = fc.constantFrom(...marks, ...words);
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 40 }), (parts) => {
      const cfg: Cfg = readCfg(parts.join(''));
      expect(cfg.parameters.length + cfg.sockets.length + cfg.remarks.length).toBeLessThanOrEqual(parts.length * 2);
    }),
    { numRuns: 300 },
  );
});

test('whatever stands there often is read in a time that grows with its length, and without depth', () => {
  const startedAt = performance.now();
  for (const piece of ['{', '"', '/*', 'route[a]{', '$(', '(', 'modparam(', 'socket=', '\\', "'x' "]) {
    readCfg(piece.repeat(262_144 / piece.length));
  }
  expect(performance.now() - startedAt).toBeLessThan(15_000);
}, 60_000);
