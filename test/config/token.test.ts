/** The token of httpd: in the file, in a file of its own, or in the environment. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkConfig } from '#src/check.js';
import { ConfigError, parseConfig, type Config } from '#src/config.js';
import { LEAST, problemsOf } from '../helpers/config.js';

const directory = mkdtempSync(join(tmpdir(), 'msrptap-token-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'msrptap.yaml');

const WRITTEN = 'written-in-the-yaml-itself';
const FILED = 'filed-away-in-its-own-file';
const GIVEN = 'given-by-the-environment';

writeFileSync(join(directory, 'token'), `${FILED}\n`, { mode: 0o600 });
writeFileSync(join(directory, 'bare'), FILED, { mode: 0o600 });
writeFileSync(join(directory, 'open'), FILED, { mode: 0o644 });
writeFileSync(join(directory, 'short'), 'secret-short\n');
writeFileSync(join(directory, 'two'), `${FILED}\n${FILED}\n`);
writeFileSync(join(directory, 'empty'), '');
writeFileSync(join(directory, 'long'), 'secret'.repeat(1_000));

const config = (httpd: string, token?: string): Config => parseConfig(`${LEAST}httpd: { ${httpd} }\n`, file, { token });

function problems(httpd: string, token?: string): string[] {
  try {
    config(httpd, token);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

test.each([
  ['nowhere', '', undefined, undefined],
  ['in the configuration', `token: ${WRITTEN}`, undefined, WRITTEN],
  ['in the configuration, which counts before the environment', `token: ${WRITTEN}`, GIVEN, WRITTEN],
  ['in a file', 'token_file: token', undefined, FILED],
  ['in a file without a line end', 'token_file: bare', undefined, FILED],
  ['in a file, which counts before the environment', 'token_file: token', GIVEN, FILED],
  ['in the environment', '', GIVEN, GIVEN],
  ['empty in the environment, which is none', '', '', undefined],
])('it stands %s', (_, httpd, given, expected) => {
  expect(config(httpd, given).httpd.token).toBe(expected);
});

test.each([
  ['token_file: token', undefined],
  ['', GIVEN],
])('%j (%s) is enough for an address that others reach', (httpd, given) => {
  expect(problems(`ip: 0.0.0.0, ${httpd}`, given)).toEqual([]);
});

test('without any, such an address is refused, with all three places', () => {
  const [problem] = problems('ip: 0.0.0.0', '');
  expect(problem).toMatch(/^httpd\.token: is required unless .*httpd\.token_file, or MSRPTAP_TOKEN in the environment/);
});

describe('refused, without a word of what was found', () => {
  test.each([
    ['missing', 'httpd.token_file: ', 'cannot be read'],
    ['.', 'httpd.token_file: ', 'is no regular file'],
    ['/dev/zero', 'httpd.token_file: ', 'is no regular file'],
    ['short', 'httpd.token_file: ', 'must hold one line of at least 16'],
    ['two', 'httpd.token_file: ', 'must hold one line of at least 16'],
    ['empty', 'httpd.token_file: ', 'must hold one line of at least 16'],
    ['long', 'httpd.token_file: ', 'has 6000 octets'],
  ])('a file: %s', (name, start, message) => {
    const found = problems(`token_file: ${name}`);
    expect(found).toEqual([expect.stringContaining(message)]);
    expect(found[0]?.startsWith(start)).toBe(true);
    expect(found[0]).not.toMatch(/secret|filed/);
  });

  test('an environment that holds none', () => {
    expect(problems('', 'too short')).toEqual([
      expect.stringMatching(/^httpd\.token: MSRPTAP_TOKEN in the environment must be at least 16/),
    ]);
    expect(problems('', 'too short').join('')).not.toContain('too short');
  });

  test('two places in one configuration', () => {
    expect(problems(`token: ${WRITTEN}, token_file: token`)).toEqual([
      expect.stringMatching(/^httpd\.token_file: is in the place of httpd\.token/),
    ]);
  });
});

test('check names a file that everybody may read', async () => {
  const practical = 'proto_msrp: { send_timeout: 10000, tls_handshake_timeout: 5000, max_msg_chunks: 64 }';
  const risksOf = async (name: string): Promise<readonly string[]> => {
    writeFileSync(file, `${LEAST}${practical}\nhttpd: { token_file: ${name} }\n`);
    return (await checkConfig(file)).risks;
  };
  expect(await risksOf('token')).toEqual([]);
  expect(await risksOf('open')).toEqual([expect.stringMatching(/^httpd\.token_file: every user .*chmod 600/)]);
});

test.each(['[tap1.example.com:8888]', '["http://tap1"]', '["*"]', '[""]', 'tap1.example.com', '[a..b]'])(
  'httpd.hosts: %s is refused',
  (hosts) => {
    const found = problemsOf(`${LEAST}httpd: { hosts: ${hosts} }`);
    expect(found).toEqual([expect.objectContaining({ path: expect.stringMatching(/^httpd\.hosts/) })]);
  },
);

test.each(['0', '1.5', '1000001', 'many'])('httpd.requests_per_second: %s is refused', (value) => {
  expect(problemsOf(`${LEAST}httpd: { requests_per_second: ${value} }`)).toEqual([
    expect.objectContaining({ path: 'httpd.requests_per_second' }),
  ]);
});
