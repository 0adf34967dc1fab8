/** Every key says what it means: docs/configuration.md and editors show it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { configJsonSchema } from '#src/config.js';
import { alternatives } from '#src/config/json-schema.js';

const ROOT = join(import.meta.dirname, '../..');

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Each key with its path, those of lists, of named sections and of every form that a value may have. */
function keysOf(schema: JsonSchema, path = ''): [path: string, key: JsonSchema][] {
  const forms = [schema, ...alternatives(schema)];
  return forms.flatMap(({ properties = {}, items, additionalProperties }) => {
    const inner = [items, additionalProperties].flat().filter((each) => typeof each === 'object');
    const own = Object.entries(properties).flatMap(([name, key]): [string, JsonSchema][] =>
      typeof key === 'object' ? [[`${path}.${name}`, key], ...keysOf(key, `${path}.${name}`)] : [],
    );
    return [...own, ...inner.flatMap((each) => keysOf(each, `${path}[]`))];
  });
}

const keys = keysOf(configJsonSchema());

test('the walk finds keys at every depth', () => {
  expect(keys.map(([path]) => path)).toEqual(
    expect.arrayContaining([
      '.workers',
      '.proto_msrp.send_timeout',
      '.listeners[].socket',
      '.tls_mgm.server_domain[].certificate',
      '.proto_hep.hep_payload_type.events',
    ]),
  );
});

test.each(keys)('%s has a description of a sentence', (_, { description }) => {
  expect(description).toMatch(/^[\p{Lu}\d/*].*\.$/u);
});

test('every time has its unit', () => {
  const times = keys.filter(([path]) => /(?:_timeout|_wait)$/.test(path));
  expect(times.length).toBeGreaterThan(6);
  expect(times.filter(([, key]) => key['unit'] !== 'ms').map(([path]) => path)).toEqual([]);
});

test('docs/configuration.md has a row for each key, and a heading for each section', () => {
  const lines = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8').split('\n');
  const told = (name: string): string[] =>
    lines.filter((line) => new RegExp(`^(?:\\| \`(?:[^\`]*\\.)?|#+ (?:.*\\.)?)${name}(?:\`|$)`).test(line));
  for (const [path, { description = '' }] of keys) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    expect(told(name), path).not.toEqual([]);
    expect(
      lines.some((line) => line.includes(description.replaceAll('|', String.raw`\|`))),
      path,
    ).toBe(true);
  }
});

test('docs/ is what the schema says', async () => {
  await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/docs.mjs'), '--check']);
});

test('the schema for editors takes the configurations that ship', () => {
  const schema = readFileSync(join(ROOT, 'docs/msrptap.schema.json'), 'utf8');
  expect(JSON.parse(schema)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    additionalProperties: false,
    required: ['listeners'],
  });
  const [first = ''] = readFileSync(join(ROOT, 'docs/msrptap.yaml'), 'utf8').split('\n');
  expect(first).toBe('# yaml-language-server: $schema=msrptap.schema.json');
});
