/** docs/threat-model.md: each threat has a test, and the tests that it names are there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const lines = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8').split('\n');

/** The file, and the title or a part of it, as it stands there. */
const REFERENCE = /`(?<file>test\/[\w./-]+\.test\.ts)`: `(?<title>[^`]+)`/g;

const HEADER = /^\| threat +\|/;

/** The rows of the tables of threats: a name, what holds, and the rest, which names tests. */
function threats(): readonly (readonly [threat: string, tests: string])[] {
  let inTable = false;
  return lines.flatMap((line) => {
    if (HEADER.test(line)) inTable = true;
    else if (!line.startsWith('|')) inTable = false;
    else if (inTable && !/^\| *-/.test(line)) {
      const [, threat = '', , tests = ''] = line.split(' | ').length === 3 ? ['', ...line.slice(2).split(' | ')] : [];
      return [[threat.trim(), tests] as const];
    }
    return [];
  });
}

test('the reader of the document finds its threats', () => {
  expect(threats().length).toBeGreaterThan(40);
});

test.each(threats())('%s', (_, tests) => {
  const named = [...tests.matchAll(REFERENCE)].map(({ groups }) => [groups?.['file'] ?? '', groups?.['title'] ?? '']);
  expect(named).not.toEqual([]);
  for (const [file = '', title = ''] of named) {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    expect(readFileSync(join(ROOT, file), 'utf8').includes(title), `${file}: ${title}`).toBe(true);
  }
});
