/** Whatever is wrong with the text around it, no error of a configuration quotes a secret. */
import { expect, test } from 'vitest';
import { ConfigError, formatProblem, parseConfig } from '#src/config.js';
import { LEAST } from '../helpers/config.js';

const SECRET = 'hush-Zq9wX7vK2mPd';

/** What YAML makes of a secret that nobody has quoted, and slips with quotes. */
const FORMS = [
  '',
  '"',
  "'",
  '*',
  '&',
  '!',
  '!!',
  '@',
  '%',
  '`',
  '|',
  '>',
  '}',
  ']',
  '#',
  '- ',
  '? ',
  '\t',
  '|\n ',
  '"\\',
  '"\\u00',
].map((before) => before + SECRET);
const MORE_FORMS = [
  `"${SECRET}\\q"`,
  `"${SECRET}" x`,
  `${SECRET}: x`,
  `[${SECRET}]`,
  `"${SECRET}"\n  ${SECRET}`,
  `${SECRET}\0`,
];

/** Where it belongs, and slips with keys. */
const PLACES: readonly ((value: string) => string)[] = [
  (value) => `httpd:\n  token: ${value}\n`,
  (value) => `httpd: { token: ${value} }\n`,
  (value) => `httpd:\n  token:${value}\n`,
  (value) => `httpd:\n  token=${value}\n`,
  (value) => `httpd: token=${value}\n`,
  (value) => `httpd: ${value}\n`,
  (value) => `httpd:\n  toekn: ${value}\n`,
  (value) => `httpd:\n  token:\n    - ${value}\n`,
  (value) => `prometheus:\n  port: 1\n  token: ${value}\n`,
  (value) => `proto_hep:\n  hep_auth_key: ${value}\n`,
  (value) => `proto_hep: hep_auth_key ${value}\n`,
  (value) => `proto_msrp:\n  hep_auth_key: ${value}\n`,
  (value) => `hep_input:\n  socket: udp:127.0.0.1:1\n  auth_key: ${value}\n`,
  (value) => `hep_input: { socket: "udp:127.0.0.1:1", auth_key: ${value} }\n`,
  (value) => `token: ${value}\n`,
];

function told(yaml: string): string {
  try {
    parseConfig(yaml, '/etc/msrptap/msrptap.yaml');
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [error.message, ...error.problems.map(formatProblem)].join('\n');
  }
}

test.each([...FORMS, ...MORE_FORMS])('%j', (form) => {
  const all = PLACES.flatMap((place) => [told(LEAST + place(form)), told(place(form))]);
  expect(all.filter((text) => text !== '').length).toBeGreaterThan(PLACES.length);
  // Nor a part of it that is worth anything.
  expect(all.filter((text) => /hush|Zq9w|mPd/.test(text))).toEqual([]);
});
