import { lookup as systemLookup, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Callback = Parameters<LookupFunction>[2];

/**
 * A lookup that never runs twice at a time. The system's occupies one of node's four pool threads for as long as a
 * resolver hangs, so attempts that gave up must not start another: the newest waits for the one under way, and those
 * before it, whose sockets are gone, are not told. Each user has one of its own.
 */
export function singleLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  let waiting: Callback | null = null;
  return (hostname: string, options: LookupOptions, callback: Callback): void => {
    const underWay = waiting !== null;
    waiting = callback;
    if (underWay) return;
    lookup(hostname, options, (error, address, family) => {
      const told = waiting;
      waiting = null;
      told?.(error, address, family);
    });
  };
}
