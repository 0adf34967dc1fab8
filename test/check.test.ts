import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkConfig, timeoutRisks } from '#src/check.js';
import { connectionsThatFit, openFileLimit } from '#src/config/open-files.js';
import { configWith, LEAST } from './helpers/config.js';
import { useRevocationCerts } from './helpers/certs.js';

const certs = useRevocationCerts();
const directory = mkdtempSync(join(tmpdir(), 'msrptap-check-'));
afterAll(() => rmSync(directory, { recursive: true }));

const PRACTICAL = 'send_timeout: 10000, tls_handshake_timeout: 5000, max_msg_chunks: 64';
/** A configuration without risks, but for what is added to it. */
const sound = (msrp = ''): string => `${LEAST}proto_msrp: { ${PRACTICAL}, ${msrp} }\n`;

async function check(yaml: string, now?: Date): ReturnType<typeof checkConfig> {
  const file = join(directory, 'msrptap.yaml');
  writeFileSync(file, yaml);
  return checkConfig(file, now);
}

const hep = (id: string, more = ''): string => `proto_hep: { hep_id: ["${id}"], ${more} }\n`;
const traced = 'trace_on: 1, trace_destination: h';

test('the configuration that ships is ok', async () => {
  const shipped = join(import.meta.dirname, '../docs/msrptap.yaml');
  expect(await checkConfig(shipped)).toEqual({ problems: [], risks: [] });
});

test('a configuration that only listens is ok', async () => {
  expect(await check(sound())).toEqual({ problems: [], risks: [] });
});

describe('problems', () => {
  test('of the configuration, all of them, with path and line', async () => {
    const { problems, risks } = await check(`${LEAST}workers: 300\ndrain_timeout: soon\n`);
    expect(risks).toEqual([]);
    expect(problems).toHaveLength(2);
    expect(
      problems.find((problem) => problem.startsWith('workers: must be a whole number from 1 to 256, or auto')),
    ).toMatch(/\(line 2\)$/);
    expect(problems.find((problem) => problem.startsWith('drain_timeout: '))).toMatch(/not "soon" \(line 3\)$/);
  });

  test('of a file that is not there', async () => {
    const file = join(directory, 'missing.yaml');
    expect(await checkConfig(file)).toEqual({ problems: [expect.stringContaining(file)], risks: [] });
  });

  test('more connections than open files', async () => {
    const { problems } = await check(`${sound()}limits: { max_connections: 1000000 }\n`);
    // Where the limit is in the millions they fit.
    for (const problem of problems)
      expect(problem).toMatch(/^limits.max_connections: 1000000 do not fit the open-file limit \d+; set \d+ at most/);
    expect(problems).toHaveLength(connectionsThatFit(openFileLimit()) < 1_000_000 ? 1 : 0);
  });

  test('of every TLS domain', async () => {
    const { expired } = certs();
    const { problems } = await check(`${sound()}tls_mgm:
  server_domain: { a: { certificate: ${expired.certificate}, private_key: ${expired.private_key} } }
  client_domain: { b: { ca_list: nowhere.pem } }
`);
    expect(problems).toEqual([
      expect.stringMatching(/^tls_mgm.server_domain.a.certificate: .* expired on Jan 31/),
      expect.stringContaining(`tls_mgm.client_domain.b.ca_list: ${join(directory, 'nowhere.pem')} cannot be read`),
    ]);
  });

  test('of a filter module that does not load', async () => {
    writeFileSync(join(directory, 'broken.js'), 'export default function broken( {');
    const { problems } = await check(
      `${sound(`${traced}, trace_filter_route: broken`)}filters: .\n${hep('[h]127.0.0.1')}`,
    );
    expect(problems).toEqual([expect.stringMatching(/^proto_msrp.trace_filter_route: .*broken\.js/s)]);
  });

  test('none of a filter module that does', async () => {
    writeFileSync(join(directory, 'good.js'), 'export default function good() {}\n');
    const yaml = `${sound(`${traced}, trace_filter_route: good`)}filters: .\n${hep('[h]127.0.0.1')}`;
    expect(await check(yaml)).toEqual({ problems: [], risks: [] });
  });
});

describe('risks of timeouts', () => {
  test("the documentation's defaults, each with what to set", () => {
    expect(timeoutRisks(configWith(''))).toEqual([
      expect.stringMatching(/^proto_msrp.send_timeout: 100 ms .*set 10000$/),
      expect.stringMatching(/^proto_msrp.tls_handshake_timeout: 100 ms .*set 5000$/),
      expect.stringMatching(/^proto_msrp.max_msg_chunks: 4 .*set 64$/),
    ]);
  });

  test('no risk in the practical values, nor in no limit of chunks', () => {
    expect(timeoutRisks(configWith(`proto_msrp: { ${PRACTICAL} }`))).toEqual([]);
    expect(timeoutRisks(configWith(`proto_msrp: { ${PRACTICAL.replace('64', '0')} }`))).toEqual([]);
  });

  test('check tells them', async () => {
    expect((await check(LEAST)).risks).toEqual(timeoutRisks(configWith('')));
  });
});

describe('risks, one each', () => {
  const toPath = sound().replace('"msrp:127.0.0.1:2856"', 'to_path');
  const listen = (socket: string, upstream: string): string =>
    sound().replace('msrp:127.0.0.1:0', socket).replace('msrp:127.0.0.1:2856', upstream);

  test.each([
    ['tracing to nobody', sound('trace_on: 1'), /^proto_msrp.trace_on: .*set trace_destination/],
    [
      'full bodies',
      sound(`${traced}, trace_body: full`) + hep('[h]127.0.0.1'),
      /^proto_msrp.trace_body: full .*set text/,
    ],
    [
      'text over tcp',
      sound(traced) + hep('[h]192.0.2.1'),
      /^proto_hep.hep_id: h \(tcp to 192.0.2.1:9060\).*transport=tls/,
    ],
    ['text over udp', sound(traced) + hep('[h]homer.example.com;transport=udp'), /^proto_hep.hep_id: h \(udp to homer/],
    [
      'a key in clear',
      sound(`${traced}, trace_body: headers`) + hep('[h]192.0.2.1', 'hep_auth_key: secret'),
      /^proto_hep.hep_auth_key: goes in clear to h \(tcp/,
    ],
    [
      'a node name that Homer cannot store',
      sound(traced) + hep('[h]127.0.0.1', `hep_node_name: 'the "tap"'`),
      /^proto_hep.hep_node_name: with " or \\ in it.*stores nothing/,
    ],
    [
      'a key that Homer cannot store',
      sound(traced) + hep('[h]127.0.0.1', String.raw`hep_auth_key: 'a\b'`),
      /^proto_hep.hep_auth_key: with " or \\ in it.*stores nothing/,
    ],
    [
      'a token in clear',
      `${sound()}httpd: { ip: 0.0.0.0, token: a-token-of-16-chars }\n`,
      /^httpd.tls_domain: without TLS the token crosses the network in clear/,
    ],
    [
      'a token for metrics in clear',
      `${sound()}prometheus: { ip: 192.0.2.1, port: 9100, token: a-token-of-16-chars }\n`,
      /^prometheus.tls_domain: without TLS the token crosses the network in clear/,
    ],
    ['a port for root', listen('msrp:127.0.0.1:443', 'msrp:10.0.0.5'), /^listeners\[0\].socket: port 443 /],
    [
      'a loop',
      listen('msrp:127.0.0.1', 'msrp:127.0.0.1'),
      /^listeners\[0\].upstream: 127.0.0.1:2855 is the own listener/,
    ],
    ['a loop by name', listen('msrp:[::1]', 'msrp:localhost'), /^listeners\[0\].upstream: localhost:2855 is the own/],
    [
      'a loop by any address',
      listen('msrp:0.0.0.0', 'msrp:127.0.0.9'),
      /^listeners\[0\].upstream: 127.0.0.9:2855 is the own/,
    ],
    [
      'a loop in a list',
      sound()
        .replace('"msrp:127.0.0.1:2856"', '["msrp:10.0.0.5", "msrp:localhost"]')
        .replace('msrp:127.0.0.1:0', 'msrp:0.0.0.0'),
      /^listeners\[0\].upstream\[1\]: localhost:2855 is the own listener/,
    ],
    [
      'a To-Path to anywhere',
      `${toPath}to_path: { allow: ["10.0.0.0/8", "0.0.0.0/0"] }\n`,
      /^to_path.allow: 0.0.0.0\/0 lets clients reach nearly any host/,
    ],
    [
      'a To-Path to this machine',
      `${toPath}to_path: { allow: ["127.0.0.0/8:7000"] }\n`,
      /^to_path.allow: 127.0.0.0\/8 lets clients reach services of this machine/,
    ],
    [
      'ranges that nobody asks for',
      `${sound()}to_path: { allow: [10.0.0.0/8] }\n`,
      /^to_path.allow: no listener has upstream: to_path/,
    ],
    [
      'headers from everybody',
      sound().replace('upstream:', 'proxy_protocol: { from: ["::/0"] }, upstream:'),
      /^listeners\[0\].proxy_protocol.from: ::\/0 lets nearly anybody say/,
    ],
    [
      'SIP for no trace',
      `${sound()}hep_input: "udp:127.0.0.1:9061"\n`,
      /^hep_input: without trace_destination there is no trace/,
    ],
    [
      'SIP over the network',
      `${sound(traced)}${hep('[h]127.0.0.1')}hep_input: { socket: "udp:0.0.0.0:9061", from: [10.0.0.5] }\n`,
      /^hep_input: udp:0.0.0.0:9061 takes SIP in clear .*whoever forges an address of from .*; set auth_key /,
    ],
    [
      'SIP over the network, with a key',
      `${sound(traced)}${hep('[h]127.0.0.1')}hep_input: { socket: "tcp:10.0.0.9:9061", from: [10.0.0.5], auth_key: k }\n`,
      /^hep_input: tcp:10.0.0.9:9061 .*whoever has an address of from .* calls of his; keep that network/,
    ],
    [
      'a trace to oneself',
      `${sound(traced)}${hep('[h]127.0.0.1:9061;transport=udp')}hep_input: "udp:127.0.0.1:9061"\n`,
      /^proto_hep.hep_id: h is the own hep_input/,
    ],
    [
      'an open client',
      `${sound()}tls_mgm: { client_domain: { c: { verify_cert: 0 } } }`,
      /^tls_mgm.client_domain.c.verify_cert: 0 /,
    ],
    [
      'a deprecated version',
      `${sound()}tls_mgm: { client_domain: { c: { tls_method: TLSv1 } } }`,
      /^tls_mgm.client_domain.c.tls_method: TLSv1 has .*\(RFC 8996\).*level 0.*; set TLSv1_2-TLSv1_3/,
    ],
  ])('%s', async (_, yaml, risk) => {
    expect(await check(yaml)).toEqual({ problems: [], risks: [expect.stringMatching(risk)] });
  });

  test('a route that is never called', async () => {
    writeFileSync(join(directory, 'good.js'), 'export default function good() {}\n');
    const { risks } = await check(`${sound('trace_filter_route: good')}filters: .\n`);
    expect(risks).toEqual([expect.stringMatching(/^proto_msrp.trace_filter_route: .*never called/)]);
  });
});

describe('no risks', () => {
  test.each([
    ['text on the same machine', sound(traced) + hep('[h]127.0.0.1', 'hep_auth_key: secret')],
    ['text over tls', sound(traced) + hep('[h]192.0.2.1;transport=tls', 'hep_auth_key: secret')],
    ['headers over tcp', sound(`${traced}, trace_body: headers`) + hep('[h]192.0.2.1')],
    ['a destination that is not used', sound('trace_body: full') + hep('[h]192.0.2.1')],
    ['SIP on the same machine', `${sound(traced)}${hep('[h]127.0.0.1')}hep_input: "udp:127.0.0.1:9061"\n`],
    ['a destination while tracing is off', sound('trace_destination: h') + hep('[h]127.0.0.1')],
  ])('%s', async (_, yaml) => {
    expect(await check(yaml)).toEqual({ problems: [], risks: [] });
  });
});

const domain = (keys: string, key = certs().server.private_key): string =>
  `${sound()}tls_mgm: { server_domain: { d: { certificate: ${certs().server.certificate}, private_key: ${key}, ${keys} } } }\n`;

describe('risks of certificates', () => {
  test('none', async () => {
    expect(await check(domain('verify_cert: 0, require_cert: 0'))).toEqual({ problems: [], risks: [] });
    expect(await check(domain(`ca_list: ${certs().ca.certificate}`))).toEqual({ problems: [], risks: [] });
  });

  test('verified against public CAs', async () => {
    expect((await check(domain('verify_cert: 1'))).risks).toEqual([
      expect.stringMatching(/^tls_mgm.server_domain.d.ca_list: .*public CAs/),
    ]);
  });

  test('CRLs that nobody looks at', async () => {
    mkdirSync(join(directory, 'crls'), { recursive: true });
    copyFileSync(certs().caCrl, join(directory, 'crls', 'ca.crl'));
    expect((await check(domain('verify_cert: 0, crl_dir: crls'))).risks).toEqual([
      expect.stringMatching(/^tls_mgm.server_domain.d.crl_dir: .*set verify_cert: 1$/),
    ]);
  });

  // The certificate is valid to the last second of 2089.
  test.each([
    ['2089-12-15T00:00:00Z', 1],
    ['2089-11-15T00:00:00Z', 0],
  ])('seen at %s: %d that it expires', async (now, count) => {
    const { problems, risks } = await check(domain('verify_cert: 0'), new Date(now));
    expect(problems).toEqual([]);
    expect(
      risks.filter((risk) => /^tls_mgm.server_domain.d.certificate: .* expires on Dec 31/.test(risk)),
    ).toHaveLength(count);
  });

  test('a key that everyone can read', async () => {
    const key = join(directory, 'open.key');
    copyFileSync(certs().server.private_key, key);
    chmodSync(key, 0o644);
    expect((await check(domain('verify_cert: 0', key))).risks).toEqual([
      expect.stringMatching(/^tls_mgm.server_domain.d.private_key: .*open.key; set its mode to 600$/),
    ]);
  });
});

test.each([
  ['"0600"', []],
  ['"0660"', []],
  ['"0666"', [expect.stringMatching(/^mi_fifo\.fifo_mode: 0666 lets every user .* set "0600"/)]],
])('a FIFO with the mode %s', async (mode, risks) => {
  expect(await check(`${sound()}mi_fifo: { fifo_mode: ${mode} }\n`)).toEqual({ problems: [], risks });
});
