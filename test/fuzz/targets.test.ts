/** What was found once, and the inputs that reach everything that any input has reached. */
import { expect, test } from 'vitest';
import { Coverage } from './coverage.mjs';
import { readCases } from './cases.mjs';
import { mutate } from './mutate.mjs';
import { Random } from './random.mjs';
import { TARGETS } from './targets/all.mjs';

test.each(TARGETS)('$name: what it was given before', async (target) => {
  const given = [...target.seeds, ...readCases('corpus', target.name), ...readCases('found', target.name)];
  try {
    for (const input of given) await target.run(input);
  } finally {
    await target.close?.();
  }
});

function inputs(seed: number): Buffer[] {
  const random = new Random(seed);
  const material = { words: [Buffer.from('MSRP ')], others: [Buffer.from('other')] };
  return Array.from({ length: 500 }, () => mutate(Buffer.from('MSRP a 200\r\nX: 12\r\n'), random, material, 30));
}

test('a seed makes the same inputs each time, none longer than asked for', () => {
  expect(inputs(1)).toEqual(inputs(1));
  expect(inputs(1)).not.toEqual(inputs(2));
  expect(Math.max(...inputs(1).map(({ length }) => length))).toBeLessThanOrEqual(30);
});

test('coverage tells when code runs for the first time, and once more after it was made to forget that', async () => {
  const target = TARGETS.find(({ name }) => name === 'client-hello')!;
  const [hello = Buffer.alloc(0)] = target.seeds;
  const coverage = new Coverage();
  coverage.start();
  try {
    coverage.look();
    const before = coverage.reached;
    await target.run(hello);
    expect(coverage.look()).toBe(true);
    expect(coverage.reached).toBeGreaterThan(before);
    coverage.forget();
    expect(coverage.reached).toBe(before);
    await target.run(hello);
    expect(coverage.look()).toBe(true);
    await target.run(hello);
    expect(coverage.look()).toBe(false);
  } finally {
    coverage.stop();
  }
});
