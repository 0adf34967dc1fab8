import type { Change } from '../carrier.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { Request } from './messages.js';

/** Milliseconds that a worker gets for each half of a switch, which costs it nothing. */
const TRACE_LIMIT = 2_000;
/** And for a reload: a filter module may take 5 s to load. */
const RELOAD_LIMIT = 8_000;

/** Of a worker, what a change needs. */
export interface Changeable {
  readonly slot: number;
  readonly isOver: boolean;
  ask(request: Request, limit: number): Promise<unknown>;
}

interface Refusal<Worker> {
  readonly worker: Worker;
  readonly error: unknown;
}

/**
 * Makes a change in all workers or in none: all of them make it ready, then all of them put it in force. One that ends on
 * the way does not count: its successor takes what is in force.
 * @param undo what takes it back from those that made it; null when it cannot be, and a worker that hangs makes it late
 * @returns the workers that make it late
 * @throws MsrptapError what a worker refused it with; workers_differ when one does not answer and it was taken back
 */
export async function changeAll<Worker extends Changeable>(
  workers: readonly Worker[],
  change: Change,
  undo: Change | null,
): Promise<readonly Worker[]> {
  const limit = change.kind === 'trace' || change.kind === 'spot' ? TRACE_LIMIT : RELOAD_LIMIT;
  const [unready] = await askAll(workers, { kind: 'make', change }, limit);
  if (unready !== undefined) {
    await askAll(workers, { kind: 'discard' }, 0);
    if (unready.error instanceof MsrptapError && unready.error.code !== 'worker_failed') throw unready.error;
    throw differ(unready.error, 'nothing was changed');
  }
  const late = await askAll(workers, { kind: 'commit' }, limit);
  const [first] = late;
  if (first === undefined || undo === null) return late.map(({ worker }) => worker);
  // A worker reads its messages in order: one that wakes up later makes the change and takes it back.
  const undone = askAll(workers, { kind: 'make', change: undo }, limit);
  const inForce = askAll(workers, { kind: 'commit' }, limit);
  await Promise.all([undone, inForce]);
  throw differ(first.error, 'the change was rolled back');
}

/** @returns those that live and refused, or did not answer in time */
async function askAll<Worker extends Changeable>(
  workers: readonly Worker[],
  request: Request,
  limit: number,
): Promise<readonly Refusal<Worker>[]> {
  const asked = workers.map(async (worker): Promise<Refusal<Worker>[]> => {
    try {
      await worker.ask(request, limit);
      return [];
    } catch (error) {
      return worker.isOver ? [] : [{ worker, error }];
    }
  });
  return (await Promise.all(asked)).flat();
}

function differ(error: unknown, outcome: string): MsrptapError {
  return new MsrptapError('workers_differ', `${messageOf(error)}; ${outcome}`, { cause: error });
}
