import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { HEP_DRAIN_MS } from '../traffic.js';
import type { Crew } from './crew.js';
import type { WorkerProcess } from './worker-process.js';

/** Milliseconds that a worker may take for its drain, over drain_timeout and what HEP gets, before it is killed. */
const DRAIN_GRACE = 3_000;

/**
 * Has all workers end their links and themselves; those that do not are killed.
 * @param timeout milliseconds for the links
 * @param hurry cuts it short
 * @returns how many links were cut
 */
export async function drainCrew(crew: Crew, timeout: number, log: Log, hurry?: AbortSignal): Promise<number> {
  const members = [...crew.members];
  let giveUp: NodeJS.Timeout | undefined;
  const cutShort = (): void => {
    for (const worker of members) worker.hurry();
    giveUp = setTimeout(() => crew.kill(), DRAIN_GRACE);
  };
  if (hurry?.aborted === true) cutShort();
  else hurry?.addEventListener('abort', cutShort, { once: true });
  const limit = timeout + HEP_DRAIN_MS + DRAIN_GRACE;
  const cuts = await Promise.all(members.map((worker) => drained(worker, timeout, limit, log)));
  hurry?.removeEventListener('abort', cutShort);
  clearTimeout(giveUp);
  await crew.end();
  return cuts.reduce((sum, cut) => sum + cut, 0);
}

/** @returns how many links were cut */
async function drained(worker: WorkerProcess, timeout: number, limit: number, log: Log): Promise<number> {
  const { held } = worker;
  try {
    const cut = await worker.ask({ kind: 'drain', timeout }, limit);
    await worker.ended;
    return cut;
  } catch (error) {
    log.error({ worker: worker.slot, error: messageOf(error) }, 'worker not drained; it is killed');
    return held;
  }
}
