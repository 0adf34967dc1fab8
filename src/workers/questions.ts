import type { Heard } from '../carrier.js';
import type { Endpoint } from '../lib/address.js';
import type { WorkerProcess } from './worker-process.js';

/** Milliseconds that an MI question waits for a worker; then it is told whose answer is missing. */
const QUESTION_LIMIT = 1_000;
/** Milliseconds that a worker gets to tell whether a socket is one of its own. */
const UPSTREAM_LIMIT = 1_000;

/**
 * Asks all workers. One that ends meanwhile has nothing to tell; one that hangs is told of.
 * @param ask with the milliseconds that it may take
 */
export async function askAll<T>(
  workers: readonly WorkerProcess[],
  ask: (worker: WorkerProcess, limit: number) => Promise<T>,
): Promise<Heard<readonly T[]>> {
  const told: T[] = [];
  const missing: number[] = [];
  const asked = workers.map(async (worker) => {
    try {
      told.push(await ask(worker, QUESTION_LIMIT));
    } catch {
      if (!worker.isOver) missing.push(worker.slot);
    }
  });
  await Promise.all(asked);
  return { told, missing };
}

/** Whether a socket is one that a worker has opened towards a next hop. One that hangs has opened nothing just now. */
export async function isUpstreamOf(workers: readonly WorkerProcess[], source: Endpoint): Promise<boolean> {
  const answers = workers.map((worker) =>
    worker.ask({ kind: 'hasUpstream', source }, UPSTREAM_LIMIT).catch(() => false),
  );
  return (await Promise.all(answers)).includes(true);
}
