// @ts-check
import { readFileSync } from 'node:fs';
import { ConfigError, parseConfig } from '#src/config.js';
import { check } from './check.mjs';

/** @import { Target } from '../target.mjs' */

const LEAST = 'listeners: [{ socket: "msrp:127.0.0.1:0", upstream: "msrp:127.0.0.1:2856" }]\n';
const EXAMPLE = readFileSync(new URL('../../../docs/msrptap.yaml', import.meta.url), 'utf8');

/** Without its comments, a section at a time: what is short is changed where it matters. */
const SECTIONS = EXAMPLE.split(/^(?=[a-z])/m)
  .map((section) => section.replaceAll(/^ *#.*\n| +#.*$/gm, ''))
  .filter((section) => /^[a-z]\w*:/.test(section));

/** @type {Target} */
export const config = {
  name: 'config',
  what: 'msrptap.yaml: taken, or refused with what is wrong and where',
  seeds: [LEAST, ...SECTIONS.map((section) => (section.startsWith('listeners') ? section : LEAST + section))].map(
    (text) => Buffer.from(text),
  ),
  words: [
    '\n',
    '  ',
    '- ',
    ': ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!binary ',
    '<<: ',
    '---\n',
    '"',
    "'",
    '|',
    '>',
    '#',
    '~',
    'null',
    'msrps:',
    '[::]',
    '0x10',
    '1e3',
    '-1',
    '__proto__',
    '%YAML',
    'upstream:',
    'socket:',
    'listeners:',
    'tls_mgm:',
    'limits:',
    'hep_id:',
  ],
  maxLength: 900,
  run(input) {
    try {
      parseConfig(input.toString('utf8'), '/nowhere/msrptap.yaml');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      check(error.problems.length > 0, 'a refusal says what is wrong');
      for (const { message, line } of error.problems) {
        check(message !== '', 'a problem has words');
        check(line === null || line > 0, 'a line is one of the file');
      }
    }
  },
};
