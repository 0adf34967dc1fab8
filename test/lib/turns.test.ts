import { expect, test } from 'vitest';
import { Turns } from '#src/lib/turns.js';

test('one after the other, whatever became of those before', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const first = turns.run(async () => {
    seen.push('first begins');
    await Promise.resolve();
    throw new Error('it failed');
  });
  const second = turns.run(() => {
    seen.push('second');
    return 2;
  });
  await expect(first).rejects.toThrow('it failed');
  expect(await second).toBe(2);
  expect(seen).toEqual(['first begins', 'second']);
});
