import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { silentLog } from '#src/lib/log.js';
import { FilterThread, loadCheck } from '#src/trace/filter-thread.js';
import { SOON, decided, useFilters } from './filter-helpers.js';

const filters = useFilters();

function threads(): number {
  return readdirSync('/proc/self/task').length;
}

const LOAD = 'filter_load_failed';
const ROUTE = 'filter_route_missing';

const broken: [what: string, code: string, message: RegExp, source: string][] = [
  [
    'a syntax error',
    LOAD,
    /f\.js: Unexpected token '\{' \(.*f\.js:3\)$/,
    'let a;\nlet b;\nexport default ({ si } {\n};',
  ],
  ['a throw at the top level', LOAD, /f\.js: boom \(.*f\.js:2\)$/, `const text = 'boom';\nthrow new Error(text);`],
  ['null thrown at the top level', LOAD, /f\.js: null$/, 'throw null;'],
  [
    'an import that is not there',
    LOAD,
    /f\.js: Cannot find module '.*gone\.js' imported from .*f\.js$/,
    `import './gone.js';`,
  ],
  [
    'a top-level await that never ends',
    LOAD,
    /f\.js: a top-level await of it never settles$/,
    'await new Promise(() => {});',
  ],
  ['a rejecting top-level await', LOAD, /f\.js: no \(.*f\.js:1\)$/, `await Promise.reject(new Error('no'));`],
  [
    'process.exit at the top level',
    LOAD,
    /f\.js: its thread ended with exit code 4; a module must not end it$/,
    'process.exit(4);',
  ],
  [
    'no default export',
    ROUTE,
    /f\.js: the default export is missing; .*export default function/,
    'export function f() {}',
  ],
  [
    'a default export that is an object',
    ROUTE,
    /is not a function but object; .*export default function/,
    'export default {};',
  ],
  ['a generator', ROUTE, /is a generator \(function\*\); /, 'export default function* (c, { drop }) { drop(); }'],
  ['a default export that is null', ROUTE, /is not a function but null; /, 'export default null;'],
];

describe('a module that does not load', () => {
  test.each(broken)('%s: %s', async (_what, code, message, source) => {
    const file = await filters.write(source);
    const starting = FilterThread.start({ file, routeName: 'f', log: silentLog });
    await expect(starting).rejects.toMatchObject({
      name: 'MsrptapError',
      code,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    ['a loop', 'for (;;);'],
    ['an await', 'setInterval(() => {}, 1000); await new Promise(() => {});'],
  ])('within the time limit: %s at the top level', async (_what, source) => {
    const file = await filters.write(source);
    const problem = await loadCheck({ file, routeName: 'f', loadTimeoutMs: 300 });
    expect(problem).toMatchObject({ code: LOAD, message: expect.stringContaining('did not load within 300 ms') });
  });

  test('because it is not there', async () => {
    const file = `${filters.directory}/none.js`;
    expect(await loadCheck({ file, routeName: 'none' })).toMatchObject({
      code: LOAD,
      message: `${file}: there is no such file`,
    });
  });

  test('because of a syntax error in a module that it imports', async () => {
    await filters.write('export const = 1;', 'list.js');
    const file = await filters.write(`import './list.js'; export default () => {};`);
    const problem = await loadCheck({ file, routeName: 'f' });
    expect(problem?.message).toMatch(/\(in a module that it imports\)$/);
  });
});

describe('a module that loads', () => {
  test.each([
    ['an ES module without a package.json', 'f.js', 'export default (c, { drop }) => drop();'],
    ['CommonJS', 'f.js', 'module.exports = (c, { drop }) => drop();'],
    ['an ES module by its name', 'f.mjs', 'export default (c, { drop }) => drop();'],
    ['CommonJS by its name', 'f.cjs', 'module.exports = (c, { drop }) => drop();'],
    [
      'one that waits for a while',
      'f.js',
      'await new Promise((go) => setTimeout(go, 50)); export default (c, o) => o.drop();',
    ],
    ['one in a file with blanks and signs', 'my #1 100% filter.js', 'export default (c, { drop }) => drop();'],
  ])('%s', async (_what, name, source) => {
    const file = await filters.write(source, name);
    expect(await loadCheck({ file, routeName: 'f' })).toBeNull();
    const thread = await FilterThread.start({ file, routeName: 'f', log: filters.log });
    expect(await decided(thread)).toBe(false);
    await thread.stop();
    // Nothing to warn of: what Node says of modules without a package.json helps nobody here.
    expect(filters.lines).toEqual([]);
  });

  test('and imports a list', async () => {
    await filters.write('["10.0.0.1"]', 'list.json');
    const thread = await filters.start(
      `import { readFileSync } from 'node:fs';
       const list = JSON.parse(readFileSync(new URL('list.json', import.meta.url), 'utf8'));
       export default ({ si }, { drop }) => { if (list.includes(si)) drop(); };`,
    );
    expect(await decided(thread)).toBe(false);
  });
});

test.runIf(process.platform === 'linux')('checks leave no thread behind', async () => {
  const good = await filters.write('setInterval(() => {}, 10); export default () => {};', 'good.js');
  const bad = await filters.write('setInterval(() => {}, 10);', 'bad.js');
  const before = threads();
  await Promise.all([good, bad, good, bad].map((file) => loadCheck({ file, routeName: 'f' })));
  await expect.poll(threads, SOON).toBeLessThanOrEqual(before);
});
