import type { Config, Limits } from './types.js';

/** What each worker gets of limits that are over all of them. What has to do with accepting is left: one process counts that. */
export function workerLimits({ limits, workers }: Pick<Config, 'limits' | 'workers'>): Limits {
  const share = (limit: number): number => Math.ceil(limit / workers);
  return {
    ...limits,
    buffer: share(limits.buffer),
    sessions: share(limits.sessions),
    transfers: share(limits.transfers),
    deliveries: share(limits.deliveries),
    transactions: share(limits.transactions),
    failure_events: share(limits.failure_events),
  };
}
