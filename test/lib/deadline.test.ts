import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Deadline } from '#src/lib/deadline.js';

function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('passes after its time, once', async () => {
  const begun = performance.now();
  let passed = 0;
  await new Promise<void>((resolve) => {
    void new Deadline(30, () => {
      passed += 1;
      resolve();
    });
  });
  expect(performance.now() - begun).toBeGreaterThanOrEqual(29);
  await sleep(60);
  expect(passed).toBe(1);
});

test('time in which the event loop stood still does not count', async () => {
  let passed = false;
  const deadline = new Deadline(50, () => (passed = true));
  stall(500);
  await nextTurn();
  await nextTurn();
  expect(passed).toBe(false);
  deadline.cancel();
});

test('cancelled, it never passes', async () => {
  let passed = false;
  const deadline = new Deadline(5, () => (passed = true));
  deadline.cancel();
  await sleep(30);
  expect(passed).toBe(false);
});
