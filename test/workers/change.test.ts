import { describe, expect, test } from 'vitest';
import type { Change } from '#src/carrier.js';
import { MsrptapError } from '#src/lib/errors.js';
import { type Changeable, changeAll } from '#src/workers/change.js';
import type { Request } from '#src/workers/messages.js';
import { RestartDelay } from '#src/workers/restart-delay.js';

const OFF: Change = { kind: 'trace', on: false };
const ON: Change = { kind: 'trace', on: true };
const silent = (): Error => new MsrptapError('worker_failed', 'worker 2 did not answer within 1 ms');

/** A worker in memory: makes changes as one does, and fails where it is told to. */
class FakeWorker implements Changeable {
  readonly slot: number;
  isOver = false;
  inForce: Change = ON;
  readonly #fails: (request: Request) => Error | 'ends' | null;
  #ready: Change | null = null;

  constructor(slot: number, fails: (request: Request) => Error | 'ends' | null = () => null) {
    this.slot = slot;
    this.#fails = fails;
  }

  ask(request: Request): Promise<unknown> {
    const failure = this.#fails(request);
    if (failure === 'ends') this.isOver = true;
    if (failure !== null) return Promise.reject(failure === 'ends' ? silent() : failure);
    if (request.kind === 'make') this.#ready = request.change;
    if (request.kind === 'commit') this.inForce = this.#ready ?? this.inForce;
    if (request.kind !== 'make') this.#ready = null;
    return Promise.resolve(null);
  }
}

/** Fails the first request of that kind. */
function once(kind: Request['kind'], failure: Error | 'ends'): (request: Request) => Error | 'ends' | null {
  let due = true;
  return (request) => {
    if (request.kind !== kind || !due) return null;
    due = false;
    return failure;
  };
}

const inForce = (workers: readonly FakeWorker[]): Change[] => workers.map((worker) => worker.inForce);

describe('a change', () => {
  test('is made in all', async () => {
    const workers = [new FakeWorker(1), new FakeWorker(2)];
    expect(await changeAll(workers, OFF, ON)).toEqual([]);
    expect(inForce(workers)).toEqual([OFF, OFF]);
  });

  test('that one refuses is made in none, with its reason', async () => {
    const reason = new MsrptapError('filter_load_failed', 'no such file');
    const workers = [new FakeWorker(1), new FakeWorker(2, once('make', reason))];
    await expect(changeAll(workers, { kind: 'filter' }, null)).rejects.toBe(reason);
    expect(inForce(workers)).toEqual([ON, ON]);
  });

  test('that one does not answer to is made in none', async () => {
    const workers = [new FakeWorker(1), new FakeWorker(2, once('make', silent()))];
    const failure = { code: 'workers_differ', message: 'worker 2 did not answer within 1 ms; nothing was changed' };
    await expect(changeAll(workers, OFF, ON)).rejects.toMatchObject(failure);
    expect(inForce(workers)).toEqual([ON, ON]);
  });

  test('that one hangs over halfway is rolled back', async () => {
    const workers = [new FakeWorker(1), new FakeWorker(2, once('commit', silent()))];
    const failure = { code: 'workers_differ', message: expect.stringMatching(/; the change was rolled back$/) };
    await expect(changeAll(workers, OFF, ON)).rejects.toMatchObject(failure);
    expect(inForce(workers)).toEqual([ON, ON]);
  });

  test('without a way back is made late by one that hangs halfway', async () => {
    const late = new FakeWorker(2, once('commit', silent()));
    expect(await changeAll([new FakeWorker(1), late], { kind: 'certificates' }, null)).toEqual([late]);
  });

  test.each(['make', 'commit'] as const)('does not fail for one that ends on its %s', async (kind) => {
    const workers = [new FakeWorker(1), new FakeWorker(2, once(kind, 'ends'))];
    expect(await changeAll(workers, OFF, ON)).toEqual([]);
    expect(workers[0]?.inForce).toEqual(OFF);
  });
});

describe('the delay before a restart', () => {
  test('doubles from 100 ms to 5 s', () => {
    const delay = new RestartDelay();
    expect(Array.from({ length: 8 }, () => delay.next(0))).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  test('begins anew after a worker that lived', () => {
    const delay = new RestartDelay();
    delay.next(0);
    delay.began(1_000);
    expect(delay.next(10_999)).toBe(200);
    delay.began(20_000);
    expect(delay.next(30_000)).toBe(100);
  });
});
