import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { FilterThread } from '#src/trace/filter-thread.js';
import { HANGS, INPUT, SOON, decided, port, useFilters } from './filter-helpers.js';

const filters = useFilters();

/** Drops odd ports; what it does with port 1 is the test's. */
function oddDropsButOne(one: string): string {
  return `({ sp }, { drop }) => { if (sp === 1) ${one}; if (sp % 2 === 1) drop(); }`;
}

function decideAll(thread: FilterThread, ports: readonly number[]): Promise<boolean[]> {
  return Promise.all(ports.map((sp) => decided(thread, port(sp))));
}

/** Blocks the event loop. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a decision', () => {
  test.each([
    ['drop', false, '(c, { drop }) => drop()'],
    ['exit', true, '(c, { exit }) => exit()'],
    ['return', true, '() => {}'],
    ['throw', true, '() => { throw null; }'],
    ['promise', true, 'async () => { throw new Error("later"); }'],
  ])('%s: traced %s', async (outcome, traced, route) => {
    const outcomes: string[] = [];
    const thread = await filters.startRoute(route, { onDecision: (each) => outcomes.push(each) });
    expect(await decided(thread)).toBe(traced);
    expect(outcomes).toEqual([outcome]);
    expect(thread.counts()).toMatchObject({ [outcome]: 1 });
  });

  test('sees the connection as it was given', async () => {
    const input = {
      ...INPUT,
      direction: 'connected' as const,
      proto: 'msrps' as const,
      tls: {
        version: 'TLSv1.3',
        cipher: 'TLS_AES_256_GCM_SHA384',
        sni: 'msrp.example.com',
        peer: { subject: 'CN=msrp.example.com', names: ['msrp.example.com'] },
        authorized: true,
        handshake: 12.5,
      },
      next_hop: { ip: '2001:db8::1', port: 2856 },
      peer: { si: '10.9.9.9', sp: 9 },
    };
    const route = `(c, { drop }) => { if (JSON.stringify(c) === ${JSON.stringify(JSON.stringify(input))}) drop(); }`;
    const thread = await filters.startRoute(route);
    expect(await decided(thread, input)).toBe(false);
    expect(await decided(thread, { ...input, tls: null })).toBe(true);
  });

  test('is given asynchronously, once, in the order of the calls', async () => {
    const thread = await filters.startRoute(oddDropsButOne('drop()'));
    const answers: [number, boolean][] = [];
    const ports = Array.from({ length: 500 }, (_, index) => index);
    await new Promise<void>((resolve) => {
      for (const sp of ports) {
        thread.decide(port(sp), (traced) => {
          answers.push([sp, traced]);
          if (answers.length === ports.length) resolve();
        });
      }
      expect(answers).toEqual([]);
    });
    await decided(thread);
    expect(answers).toEqual(ports.map((sp) => [sp, sp % 2 === 0]));
  });

  test('of input that cannot be posted is to trace', async () => {
    const thread = await filters.startRoute('(c, { drop }) => drop()');
    const notPlain = Object.assign(port(1), { socket: () => {} });
    expect(await Promise.all([decided(thread, notPlain), decided(thread, notPlain)])).toEqual([true, true]);
    expect(await decided(thread)).toBe(false);
  });

  test('whose taker throws disturbs no other', async () => {
    const thread = await filters.startRoute('(c, { drop }) => drop()', {
      onDecision: () => {
        throw new Error('a broken metric');
      },
    });
    thread.decide(INPUT, () => {
      throw new Error('a broken taker');
    });
    expect(await decided(thread)).toBe(false);
    const errors = filters.logged('a filter decision was not taken').map((line) => line['error']);
    expect(errors).toEqual(expect.arrayContaining(['a broken metric', 'a broken taker']));
  });
});

describe('a route that takes too long', () => {
  test('is traced; those behind it keep their own decisions', async () => {
    const thread = await filters.startRoute(oddDropsButOne('for (;;);'), { timeoutMs: HANGS });
    expect(await decideAll(thread, [2, 3, 1, 4, 5, 6, 7])).toEqual([true, false, true, true, false, true, false]);
    expect(thread.counts()).toMatchObject({ timeout: 1, drop: 3, return: 3 });
    const [line] = filters.logged('filter route timed out; the connection is traced');
    expect(line).toMatchObject({ level: 'error', route: 'f', input: { sp: 1 } });
  });

  test('inside a system call, which nothing can end, holds up no other', async () => {
    const pidFile = join(filters.directory, 'pid');
    const script = `echo $$ > ${pidFile}; exec sleep 30`;
    const thread = await filters.start(
      `import { execFileSync } from 'node:child_process';
       export default ${oddDropsButOne(`execFileSync('sh', ['-c', ${JSON.stringify(script)}])`)};`,
      { timeoutMs: HANGS },
    );
    expect(await decideAll(thread, [1, 3, 4])).toEqual([true, false, true]);
    expect(thread.counts()).toMatchObject({ timeout: 1, drop: 1, return: 1 });
    // It is still there, and the others have been answered.
    process.kill(Number(await readFile(pidFile, 'utf8')));
  });

  test('is not one whose answer arrived while our own event loop stood still', async () => {
    const last = join(filters.directory, 'last');
    const thread = await filters.start(
      `import { writeFileSync } from 'node:fs';
       export default ({ sp }, { drop }) => { if (sp === 3) writeFileSync(${JSON.stringify(last)}, ''); drop(); };`,
      { timeoutMs: 400 },
    );
    const answers = decideAll(thread, [1, 2, 3]);
    // The calls are posted at the end of this turn.
    await new Promise((resolve) => setImmediate(resolve));
    while (!existsSync(last)) stall(10);
    stall(800);
    expect(await answers).toEqual([false, false, false]);
    expect(thread.counts()).toMatchObject({ drop: 3, timeout: 0 });
  });
});

describe('a thread that ends', () => {
  test.each([
    ['process.exit', 'process.exit()'],
    ['memory', '{ const all = []; for (;;) all.push(Array(10_000).fill(all.length + 0.5)); }'],
  ])('by %s costs only the decision it was at', async (_name, end) => {
    const thread = await filters.startRoute(oddDropsButOne(end));
    expect(await decideAll(thread, [3, 1, 4, 5, 1, 7, 8])).toEqual([false, true, true, false, true, false, true]);
    expect(thread.counts()).toMatchObject({ crash: 2, drop: 3, return: 2, timeout: 0 });
    expect(filters.logged('filter thread ended; a connection that it decided on is traced')).toHaveLength(2);
  });

  test('by an error in a timer of the module is replaced, and the error told', async () => {
    const route = `({ sp }, { drop }) => { if (sp === 1) setTimeout(() => { throw new Error('in a timer'); }); drop(); }`;
    const message = 'filter thread ended; a connection that it decided on is traced';
    const thread = await filters.startRoute(route);
    expect(await decided(thread, port(1))).toBe(false);
    await expect.poll(() => filters.logged(message), SOON).toHaveLength(1);
    expect(filters.logged(message)[0]?.['error']).toMatch(/^in a timer \(.*f\.js:1\)$/);
    expect(await decided(thread, port(2))).toBe(false);
    expect(thread.counts()).toMatchObject({ drop: 2, crash: 0 });
  });

  test('whenever it is asked is restarted ever more slowly, and calls wait no longer than they may', async () => {
    const thread = await filters.startRoute('() => process.exit()', { maxWaitMs: 1_200 });
    const answers = await decideAll(
      thread,
      Array.from({ length: 200 }, (_, index) => index),
    );
    expect(answers).toEqual(answers.map(() => true));
    const { crash, unavailable } = thread.counts();
    expect(crash + unavailable).toBe(200);
    // The first thread, one at once, then after 100, 200, 400 and 800 ms more.
    expect(crash).toBeLessThanOrEqual(6);
  });

  test('by itself with nothing to do is not started again', async () => {
    const thread = await filters.start(
      `import { appendFileSync, readFileSync } from 'node:fs';
       const log = new URL('starts.log', import.meta.url);
       appendFileSync(log, 'x');
       if (readFileSync(log).length === 1) setTimeout(() => process.exit(3), 300);
       export default (c, { drop }) => drop();`,
    );
    await expect
      .poll(() => filters.logged('filter thread ended; a connection that it decided on is traced'), SOON)
      .toHaveLength(1);
    expect(await decided(thread)).toBe(false);
    expect(thread.counts()).toMatchObject({ drop: 1, crash: 0 });
    // Once at first, once more for the decision.
    expect(await readFile(join(filters.directory, 'starts.log'), 'utf8')).toBe('xx');
  });
});

test('over maxWaiting the oldest are traced, and answers still come in order', async () => {
  const thread = await filters.startRoute('(c, { drop }) => drop()', { maxWaiting: 10 });
  const answers = decideAll(
    thread,
    Array.from({ length: 14 }, (_, index) => index),
  );
  expect(await answers).toEqual([...Array(4).fill(true), ...Array(10).fill(false)]);
  expect(thread.counts()).toMatchObject({ unavailable: 4 });
});

test('an unhandled rejection in the module is logged and ends nothing', async () => {
  const thread = await filters.startRoute(`(c, { drop }) => { Promise.reject(new Error('forgotten')); drop(); }`);
  await decideAll(thread, [1, 2]);
  await expect.poll(() => filters.logged('filter module: unhandled rejection'), SOON).toHaveLength(2);
  expect(filters.lines[0]).toMatchObject({ level: 'warn', error: expect.stringMatching(/^forgotten \(.*f\.js:1\)$/) });
  expect(thread.counts()).toMatchObject({ drop: 2, crash: 0 });
});

test('what a module writes goes to the log, and so much of it', async () => {
  const route = `({ sp }) => { console.log('port %d', sp); if (sp === 1) process.stderr.write('to stderr\\n'); }`;
  const thread = await filters.startRoute(route);
  await decideAll(
    thread,
    Array.from({ length: 300 }, (_, index) => index),
  );
  const lines = filters.logged('filter output');
  const texts = lines.map((line) => line['text']);
  expect(texts).toContain('port 0');
  expect(texts).toContain('to stderr');
  expect(lines[0]).toMatchObject({ level: 'info', route: 'f' });
  // 301 were written.
  expect(lines).toHaveLength(100);
});

test('a route that always throws is a few lines and a count, not a line each', async () => {
  const thread = await filters.startRoute(`() => { throw new Error('always'); }`);
  await decideAll(
    thread,
    Array.from({ length: 1_000 }, (_, index) => index),
  );
  await thread.stop();
  const lines = filters.logged('filter route threw; the connection is traced');
  expect(lines.map((line) => line['leftOut'])).toEqual([...Array(5).fill(undefined), 995]);
  expect(lines[0]?.['error']).toMatch(/^always \(.*f\.js:1\)$/);
  expect(thread.counts()).toMatchObject({ throw: 1_000 });
});

describe('stop', () => {
  test('lets the decisions that are due be made', async () => {
    const thread = await filters.startRoute(oddDropsButOne('drop()'));
    const answers = decideAll(thread, [1, 2, 3, 4]);
    await thread.stop();
    expect(await answers).toEqual([false, true, false, true]);
  });

  test('traces what a hung route keeps it from, and what is asked later', async () => {
    const thread = await filters.startRoute('() => { for (;;); }', { timeoutMs: 300 });
    const answers = decideAll(thread, [1, 2]);
    await Promise.all([thread.stop(), thread.stop()]);
    expect(await answers).toEqual([true, true]);
    expect(await decided(thread)).toBe(true);
    await expect(thread.reload()).rejects.toMatchObject({ code: 'filter_load_failed' });
  });
});

test('a thread keeps the process only while decisions are due', async () => {
  const file = await filters.write('export default (c, { drop }) => drop();');
  const threadModule = new URL('../../dist/trace/filter-thread.js', import.meta.url).href;
  const logModule = new URL('../../dist/lib/log.js', import.meta.url).href;
  const program = `
    import { FilterThread } from ${JSON.stringify(threadModule)};
    import { silentLog } from ${JSON.stringify(logModule)};
    const thread = await FilterThread.start({ file: ${JSON.stringify(file)}, routeName: 'f', log: silentLog });
    thread.watch();
    thread.decide(${JSON.stringify(INPUT)}, (traced) => console.log('traced', traced));`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 10_000 });
  expect((await run).stdout).toBe('traced false\n');
});

test.each(['null', '{ kind: "answers", answers: 5 }', '{ kind: "log", level: "none" }'])(
  'a module that speaks to the main thread as if it were the filter loses its thread: %s',
  async (message) => {
    const thread = await filters.start(
      `import { parentPort } from 'node:worker_threads';
       export default ({ sp }, { drop }) => { if (sp === 1) parentPort.postMessage(${message}); drop(); };`,
    );
    await decided(thread, port(1));
    // What it is asked until its thread has ended may be lost with that.
    await expect.poll(() => decided(thread, port(3)), SOON).toBe(false);
  },
);
