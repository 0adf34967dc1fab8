import { describeThrown } from './filter-error.js';

/** What a function of a module can call: both end it where they are called. */
export interface Control {
  readonly drop: () => never;
  readonly exit: () => never;
}

/** How a function of a module ended: by drop, by exit, by returning, by throwing, or refused because it returned a promise. */
export type RunOutcome = 'drop' | 'exit' | 'return' | 'throw' | 'promise';

export interface Run {
  readonly outcome: RunOutcome;
  /** On return. */
  readonly returned?: unknown;
  /** What was wrong, on throw and promise. */
  readonly error?: string;
}

class RouteEnds extends Error {
  override readonly name = 'RouteEnds';
}

/** One for all calls: an error object of its own would cost each decision a stack trace. */
const ROUTE_ENDS = Object.freeze(new RouteEnds('drop() and exit() end a route by throwing this; let it pass'));

/** Runs a function of a module once. Never throws, whatever it throws or returns. */
export function run(call: (control: Control) => unknown): Run {
  const state: { noted: 'drop' | 'exit' | null; over: boolean } = { noted: null, over: false };
  function end(decision: 'drop' | 'exit'): never;
  function end(decision: 'drop' | 'exit'): void {
    // Kept by a timer or a promise and called later, it finds that this was decided long ago.
    if (state.over) return;
    state.noted ??= decision;
    throw ROUTE_ENDS;
  }
  let returned: unknown;
  try {
    returned = call({ drop: () => end('drop'), exit: () => end('exit') });
    // Even with a decision noted: an async route whose drop() works until somebody puts an await before it is a trap.
    if (isThenable(returned)) return refusePromise(returned);
  } catch (thrown) {
    if (state.noted === null) return { outcome: 'throw', error: describeThrown(thrown) };
  } finally {
    state.over = true;
  }
  return state.noted === null ? { outcome: 'return', returned } : { outcome: state.noted };
}

function refusePromise(promise: PromiseLike<unknown>): Run {
  // Its rejection concerns nobody any more, and unhandled it would be reported a second time.
  new Promise((resolve) => resolve(promise)).catch(() => {});
  return { outcome: 'promise', error: 'it returned a promise; a route is synchronous' };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  try {
    const { then }: { readonly then?: unknown } = value;
    return typeof then === 'function';
  } catch {
    return false;
  }
}
