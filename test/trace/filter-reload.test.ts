import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FilterThread } from '#src/trace/filter-thread.js';
import { HANGS, SOON, decided, port, useFilters } from './filter-helpers.js';

const filters = useFilters();

const DROP = 'export default (c, { drop }) => drop();';
const TRACE = 'export default (c, { exit }) => exit();';

function threads(): number {
  return readdirSync('/proc/self/task').length;
}

async function reload(thread: FilterThread, times: number): Promise<void> {
  if (times === 0) return;
  await thread.reload();
  await decided(thread);
  await reload(thread, times - 1);
}

describe('reload', () => {
  test('puts new behaviour in force', async () => {
    const thread = await filters.start(DROP);
    expect(await decided(thread)).toBe(false);
    await filters.write(TRACE);
    expect(await decided(thread)).toBe(false);
    await thread.reload();
    expect(await decided(thread)).toBe(true);
  });

  test('reads imported modules anew', async () => {
    await filters.write('export const drops = true;', 'list.mjs');
    const thread = await filters.start(
      `import { drops } from './list.mjs'; export default (c, { drop }) => { if (drops) drop(); };`,
    );
    await filters.write('export const drops = false;', 'list.mjs');
    await thread.reload();
    expect(await decided(thread)).toBe(true);
  });

  test.each([
    ['filter_load_failed', 'export default ('],
    ['filter_route_missing', 'export const route = 1;'],
  ])('of a broken module keeps the old one: %s', async (code, source) => {
    const thread = await filters.start(DROP);
    await filters.write(source);
    const reloading = thread.reload();
    expect(await decided(thread)).toBe(false);
    await expect(reloading).rejects.toMatchObject({ code });
    expect(await decided(thread)).toBe(false);
    await filters.write(TRACE);
    await thread.reload();
    expect(await decided(thread)).toBe(true);
  });

  test('lets the old thread answer what it was asked, and loses no answer under load', async () => {
    const thread = await filters.start(DROP, { maxWaiting: 1_000_000 });
    await filters.write(TRACE);
    const answers: Promise<boolean>[] = [];
    const load = setInterval(() => {
      for (let count = 0; count < 50; count += 1) answers.push(decided(thread, port(count)));
    }, 1);
    await reload(thread, 5);
    clearInterval(load);
    const traced = await Promise.all(answers);
    // First the old behaviour, from some call on the new one, and never the old one again.
    const first = traced.indexOf(true);
    expect(first).toBeGreaterThan(0);
    expect(traced.slice(first)).not.toContain(false);
    const { drop, exit } = thread.counts();
    // The five that reload() asked for are among them.
    expect(drop + exit).toBe(answers.length + 5);
  });

  test('does not wait for a route that hangs in the old thread', async () => {
    const thread = await filters.start('export default ({ sp }, { drop }) => { if (sp === 1) for (;;); drop(); };', {
      timeoutMs: HANGS,
    });
    const hung = decided(thread, port(1));
    const behind = decided(thread, port(2));
    await new Promise((resolve) => setImmediate(resolve));
    await filters.write(TRACE);
    await thread.reload();
    const next = decided(thread, port(3));
    expect(await Promise.all([hung, behind, next])).toEqual([true, true, true]);
    expect(thread.counts()).toMatchObject({ timeout: 1, exit: 2, drop: 0 });
  });

  test('that are asked for at once happen one after the other, and all of them', async () => {
    const thread = await filters.start(
      `import { appendFileSync } from 'node:fs';
       appendFileSync(new URL('loads.log', import.meta.url), 'x');
       ${DROP}`,
    );
    await Promise.all([thread.reload(), thread.reload(), thread.reload()]);
    expect(await readFile(join(filters.directory, 'loads.log'), 'utf8')).toBe('xxxx');
  });

  test.runIf(process.platform === 'linux')(
    'fifty times leaves one thread and little memory',
    { timeout: 60_000 },
    async () => {
      const thread = await filters.start(DROP);
      await reload(thread, 5);
      const before = { threads: threads(), rss: process.memoryUsage().rss };
      await reload(thread, 50);
      await expect.poll(threads, SOON).toBeLessThanOrEqual(before.threads + 1);
      // A thread takes 10 MB: fifty that stayed would show as 500.
      expect(process.memoryUsage().rss - before.rss).toBeLessThan(100_000_000);
    },
  );
});

test('a module that keeps memory gets a new thread, and no connection is traced for it', async () => {
  const thread = await filters.start(
    `const all = new Map();
     export default ({ sp }, { drop }) => {
       for (let count = 0; count < 100_000; count += 1) all.set(sp * 1e6 + count, { text: 'x' + count });
       drop();
     };`,
    { timeoutMs: 10_000 },
  );
  const filling = Promise.all(Array.from({ length: 8 }, (_, sp) => decided(thread, port(sp))));
  const worn = 'filter module keeps memory; its thread is replaced';
  await expect.poll(() => filters.logged(worn), SOON).toHaveLength(1);
  await filling;
  await decided(thread);
  expect(thread.counts()).toMatchObject({ drop: 9, crash: 0, timeout: 0 });
});

test('so does one that keeps Buffers, which stand outside the heap', async () => {
  const thread = await filters.start(
    `const all = [];
     export default (_, { drop }) => {
       all.push(Buffer.alloc(8_000_000, 1));
       drop();
     };`,
    { timeoutMs: 10_000 },
  );
  await Promise.all(Array.from({ length: 12 }, (_, sp) => decided(thread, port(sp))));
  const worn = 'filter module keeps memory; its thread is replaced';
  await expect.poll(() => filters.logged(worn), SOON).toHaveLength(1);
  await decided(thread);
  expect(thread.counts()).toMatchObject({ drop: 13, crash: 0, timeout: 0 });
});

/** In one write, over what stands there: however slowly, nobody finds the file empty meanwhile. */
function edit(source: string): void {
  const file = openSync(join(filters.directory, 'f.js'), 'r+');
  writeSync(file, source.padEnd(DROP.length), 0);
  closeSync(file);
}

function reloaded(): number {
  return filters.logged('filter reloaded').length;
}

describe('watch', () => {
  const refused = 'filter not reloaded, the previous one stays in force';

  test('sees an edit, a broken one and its repair', async () => {
    const thread = await filters.start(DROP);
    thread.watch();
    edit(TRACE);
    await expect.poll(reloaded, SOON).toBe(1);
    expect(await decided(thread)).toBe(true);

    edit('export default (');
    await expect.poll(() => filters.logged(refused), SOON).toHaveLength(1);
    expect(filters.logged(refused)[0]).toMatchObject({ level: 'error', error: expect.stringContaining('f.js:1') });
    expect(await decided(thread)).toBe(true);

    edit(DROP);
    await expect.poll(reloaded, SOON).toBe(2);
    expect(await decided(thread)).toBe(false);
  });

  test('sees a file that is renamed over the module, once', async () => {
    const thread = await filters.start(DROP);
    thread.watch();
    const saved = await filters.write(TRACE, '.f.js.swp');
    await rename(saved, join(filters.directory, 'f.js'));
    await expect.poll(() => decided(thread), SOON).toBe(true);
    await expect.poll(reloaded, SOON).toBe(1);
  });

  test('sees a mounted ConfigMap move to its next version', async () => {
    const at = (...path: string[]): string => join(filters.directory, ...path);
    const version = async (name: string, source: string): Promise<void> => {
      await mkdir(at(name));
      await writeFile(at(name, 'mounted.js'), source);
      await symlink(name, at('..data_tmp'));
      await rename(at('..data_tmp'), at('..data'));
    };
    await version('..v1', DROP);
    await symlink('..data/mounted.js', at('mounted.js'));
    const thread = await FilterThread.start({ file: at('mounted.js'), routeName: 'mounted', log: filters.log });
    thread.watch();
    expect(await decided(thread)).toBe(false);
    await version('..v2', TRACE);
    await expect.poll(() => decided(thread), SOON).toBe(true);
    await thread.stop();
  });

  test('of a directory that is gone is a warning', async () => {
    const thread = await filters.start(DROP);
    await rm(filters.directory, { recursive: true });
    thread.watch();
    expect(filters.logged('filters are not watched; reload them by hand')[0]).toMatchObject({ level: 'warn' });
    expect(await decided(thread)).toBe(false);
    await mkdir(filters.directory);
  });
});
