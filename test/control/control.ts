import type { Control } from '#src/control/commands.js';

/** What the MI commands act on, in memory, with a clock that stands still. */
export interface FakeControl extends Control {
  readonly trace: { on: boolean; set(on: boolean): void };
  /** What was asked of it, in order. */
  readonly calls: unknown[];
}

export function fakeControl(changes: Partial<Control> = {}): FakeControl {
  const calls: unknown[] = [];
  return {
    calls,
    spots: null,
    correlations: null,
    startedAt: new Date(2026, 7, 6, 16, 15, 26, 900),
    now: () => new Date(2026, 7, 20, 9, 5, 3, 100),
    version: '1.2.3',
    processes: () => [
      { pid: 11, type: 'control' },
      { pid: 12, type: 'worker 1' },
    ],
    figures: async () => ({
      bytes_total: [
        [{ direction: 'up' }, 5],
        [{ direction: 'down' }, 7],
      ],
      hep_queue_bytes: [[{ destination: 'homer' }, 3]],
      observer_errors_total: [[{}, 0]],
    }),
    links: async (page) => {
      calls.push(page);
      return { told: { rows: [], total: 0, hasMore: false }, missing: [] };
    },
    sessions: async (page) => {
      calls.push(page);
      return { told: { rows: [], total: 0, hasMore: false }, missing: [] };
    },
    closeLink: async (id) => {
      calls.push(id);
      return { told: id === 'a-1', missing: [] };
    },
    idleTimeout: 3_600_000,
    destinations: async () => ({ told: [], missing: [] }),
    tlsDomains: [],
    reload: async () => ({ refused: null, changed: [] }),
    reloadCertificates: async () => void calls.push('certificates'),
    reloadFilters: null,
    ...changes,
    trace: {
      on: true,
      set(on) {
        this.on = on;
      },
    },
  };
}

/** A promise that the test resolves; Promise.withResolvers for Node 20. */
export class Deferred<Value> {
  #resolve: ((value: Value) => void) | undefined;
  readonly promise = new Promise<Value>((resolve) => {
    this.#resolve = resolve;
  });

  resolve(value: Value): void {
    this.#resolve?.(value);
  }
}
