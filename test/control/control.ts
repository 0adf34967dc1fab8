import type { Control } from '#src/control/commands.js';

/** What the MI commands act on, in memory, with a clock that stands still. */
export interface FakeControl extends Control {
  readonly trace: { on: boolean; set(on: boolean): void };
}

export function fakeControl(): FakeControl {
  return {
    trace: {
      on: true,
      set(on) {
        this.on = on;
      },
    },
    startedAt: new Date(2026, 7, 6, 16, 15, 26, 900),
    now: () => new Date(2026, 7, 20, 9, 5, 3, 100),
    version: '1.2.3',
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
