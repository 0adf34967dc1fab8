import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONTROL_FAMILIES, TRAFFIC_FAMILIES } from '#src/control/metric-families.js';
import { parseConfig } from '#src/config.js';

const ROOT = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const configurations = [...readme.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'msrptap-readme-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

test('there are configurations to try', () => {
  expect(configurations.length).toBeGreaterThanOrEqual(2);
});

test.each(configurations)('a configuration of the README can be used: %#', (text) => {
  const file = join(directory, 'msrptap.yaml');
  writeFileSync(file, text);
  expect(parseConfig(text, file).listeners).toHaveLength(1);
});

test('the first configuration has at most a dozen lines and no risky timeout', () => {
  const [first = ''] = configurations;
  expect(first.trimEnd().split('\n').length).toBeLessThanOrEqual(12);
  const { proto_msrp } = parseConfig(first, join(directory, 'msrptap.yaml'));
  expect(proto_msrp).toMatchObject({
    send_timeout: 10_000,
    tls_handshake_timeout: 5_000,
    max_msg_chunks: 64,
    trace_on: 1,
  });
});

test('the filter example is the module that ships', () => {
  const example = /```js\n\/\/ filters\/msrp_filter\.js\n([^]*?)```/.exec(readme)?.[1] ?? 'none';
  const shipped = readFileSync(join(ROOT, 'filters/msrp_filter.js'), 'utf8');
  expect(bare(shipped)).toBe(bare(example));
});

/** Without comments, blanks folded. */
function bare(text: string): string {
  return text
    .replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

test('every metric and MI command that the README names exists', () => {
  const families = [...TRAFFIC_FAMILIES, ...CONTROL_FAMILIES].map(({ name }) => name);
  for (const [, name = ''] of readme.matchAll(/`msrptap_([a-z_]+)(?:\{[^}]*\})?`/g)) expect(families).toContain(name);
  const commands = [...readme.matchAll(/cli\.js mi ([a-z_:]+)/g)].map(([, name = '']) => name);
  expect(commands.length).toBeGreaterThan(3);
  const reference = readFileSync(join(ROOT, 'docs/mi.md'), 'utf8');
  for (const name of commands) expect(reference).toContain(`\`${name}\``);
});
