/** message() of a module in its thread: what a module that fails costs, and whom. */
import { describe, expect, test } from 'vitest';
import type { MessageQuestion } from '#src/trace/filter-message.js';
import type { MessageVerdict } from '#src/trace/filter-queue.js';
import type { FilterThread } from '#src/trace/filter-thread.js';
import { HANGS, decided, port, useFilters } from './filter-helpers.js';
import { question, send } from './message-questions.js';

const filters = useFilters();

/** A question that tests tell from others by its text. */
function about(text: string, type?: string): MessageQuestion {
  return question(send(text, type));
}

function judged(thread: FilterThread, text: string): Promise<MessageVerdict> {
  return new Promise((resolve) => thread.judge(about(text), resolve));
}

/** A module whose message() is a function expression, and whose route drops all. */
function startMessage(message: string, options: Parameters<typeof filters.start>[1] = {}): Promise<FilterThread> {
  return filters.start(`export default (_, { drop }) => drop();\nexport const message = ${message};`, options);
}

/** By the text of a message: hangs, ends the thread, throws, or changes its correlation to that text. */
const MANNERED = `({ body }) => {
  const text = body.toString();
  if (text === 'hang') while (true);
  if (text === 'exit') process.exit(3);
  if (text === 'throw') throw new Error('oops');
  return { correlation: text };
}`;

describe('a module', () => {
  test('without message() is not asked about messages', async () => {
    expect((await filters.startRoute('() => {}')).judgesMessages).toBe(false);
    expect((await startMessage('() => {}')).judgesMessages).toBe(true);
  });

  test.each([
    ['a text', `'x'`, 'no function but string'],
    ['a generator', 'function* () {}', 'a generator (function*)'],
  ])('whose message is %s does not load', async (_, source, what) => {
    await expect(startMessage(source)).rejects.toMatchObject({
      code: 'filter_load_failed',
      message: expect.stringContaining(`the export "message" is ${what}`),
    });
  });

  test('that is loaded anew judges from then on, or no longer', async () => {
    const thread = await filters.startRoute('() => {}');
    await filters.write(`export default () => {}; export const message = () => ({ correlation: 'new' });`);
    await thread.reload();
    expect(thread.judgesMessages).toBe(true);
    expect(await judged(thread, 'x')).toMatchObject({ correlation: 'new' });
    await filters.write('export default () => {};');
    await thread.reload();
    expect(thread.judgesMessages).toBe(false);
    // Asked about what came before.
    expect(await judged(thread, 'x')).toEqual({ outcome: 'return' });
  });
});

describe('messages', () => {
  test('are judged in their order, many in a turn, whatever their size', async () => {
    const thread = await startMessage(
      `({ body }) => ({ correlation: body.toString().slice(0, 8).trim(), redact: [/ö/g] })`,
    );
    const texts = Array.from({ length: 3_000 }, (_, index) => `${index}`.padEnd(8) + 'ö'.repeat(index % 700));
    const verdicts = await Promise.all(texts.map((text) => judged(thread, text)));
    expect(verdicts.map(({ correlation }) => Number(correlation))).toEqual(texts.map((_, index) => index));
    expect(Buffer.from(verdicts[3]?.payload ?? []).toString()).toBe(send(`3       ${'[redacted]'.repeat(3)}`));
  });

  test('wait for nobody: connections are decided on before them', async () => {
    const thread = await startMessage(`() => { const end = performance.now() + 20; while (performance.now() < end); }`);
    const order: string[] = [];
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
    const all = texts.map((text) => judged(thread, text).then(() => order.push(text)));
    await decided(thread, port(1)).then(() => order.push('route'));
    await Promise.all(all);
    expect(order).toHaveLength(21);
    expect(thread.counts().drop).toBe(1);
  });

  test.each([
    ['hang', 'timeout'],
    ['exit', 'crash'],
    ['throw', 'throw'],
  ])('%s: headers only for that one, and its neighbours have their own', async (text, outcome) => {
    const thread = await startMessage(MANNERED, { timeoutMs: HANGS });
    const texts = ['a', 'b', text, 'c', 'd'];
    const verdicts = await Promise.all(texts.map((each) => judged(thread, each)));
    expect(verdicts.map(({ outcome: how, correlation, headersOnly }) => [how, correlation, headersOnly])).toEqual([
      ['change', 'a', undefined],
      ['change', 'b', undefined],
      [outcome, undefined, true],
      ['change', 'c', undefined],
      ['change', 'd', undefined],
    ]);
    expect(thread.messageCounts()).toMatchObject({ change: 4, [outcome]: 1 });
    const [line] = filters.logged('filter failed over a message, which is mirrored with its headers only');
    expect(line).toMatchObject({ outcome });
    expect(JSON.stringify(line)).not.toContain('d93kswow');
  });

  test('an expression that never ends is a hang', async () => {
    const thread = await startMessage(`() => ({ redact: [/(a+)+$/] })`, { timeoutMs: HANGS });
    const verdicts = await Promise.all([judged(thread, 'harmless'), judged(thread, `${'a'.repeat(60)}!`)]);
    expect(verdicts).toEqual([{ outcome: 'change' }, { outcome: 'timeout', headersOnly: true }]);
  });

  test('of which too many wait are mirrored with their headers only, the oldest first; connections keep their decision', async () => {
    const thread = await startMessage(MANNERED, { maxWaiting: 3, timeoutMs: HANGS });
    const [hung, ...others] = ['hang', 'a', 'b', 'c', 'd'].map((text) => judged(thread, text));
    const route = decided(thread, port(1));
    expect(await hung).toMatchObject({ outcome: 'unavailable', headersOnly: true });
    const outcomes = (await Promise.all(others)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['unavailable', 'change', 'change', 'change']);
    expect(await route).toBe(false);
  });

  test('that wait too long, or for a thread that is stopped, are mirrored with their headers only', async () => {
    const thread = await startMessage(MANNERED, { maxWaitMs: 200, timeoutMs: 60_000 });
    expect(await judged(thread, 'hang')).toMatchObject({ outcome: 'unavailable', headersOnly: true });
    void thread.stop();
    expect(await judged(thread, 'later')).toMatchObject({ outcome: 'unavailable', headersOnly: true });
  });

  test('are no leak: a thread that is asked much is not replaced for it', async () => {
    const thread = await startMessage('() => {}');
    const text = 'x'.repeat(10_000);
    const end = performance.now() + 2_500;
    while (performance.now() < end || thread.messageCounts().return <= 1_000) {
      await Promise.all(Array.from({ length: 400 }, () => judged(thread, text)));
    }
    expect(filters.logged('filter module keeps memory; its thread is replaced')).toEqual([]);
  });
});
