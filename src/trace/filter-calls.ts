import type { RouteInput, RouteOutcome } from './filter-route.js';

/**
 * How a connection was decided on: by its route, or without it: `timeout` (the route took too long), `crash` (its thread
 * ended under it), `unavailable` (no thread could decide in time). All but drop trace.
 */
export type DecisionOutcome = RouteOutcome | 'timeout' | 'crash' | 'unavailable';

export const NO_DECISIONS: Readonly<Record<DecisionOutcome, number>> = {
  drop: 0,
  exit: 0,
  return: 0,
  throw: 0,
  promise: 0,
  timeout: 0,
  crash: 0,
  unavailable: 0,
};

export const DECISION_OUTCOMES: readonly string[] = Object.keys(NO_DECISIONS);

/** One connection that waits for its decision. */
export interface FilterCall {
  readonly input: RouteInput;
  /** Must not throw. */
  readonly done: (traced: boolean) => void;
  /** performance.now() when it was made. */
  readonly since: number;
  outcome: DecisionOutcome | null;
}

export interface FilterCallsOptions {
  /** Calls that may wait; over it the oldest is settled as unavailable. */
  readonly max: number;
  /** Milliseconds a call may wait; then it is settled as unavailable. */
  readonly maxWait: number;
  readonly onSettled: (outcome: DecisionOutcome) => void;
}

/**
 * The calls that are not answered yet, oldest first. Answers are given in the order of the calls, each at the end of the
 * turn in which it and all older ones were settled; bounded in number and in time.
 */
export class FilterCalls {
  readonly #options: FilterCallsOptions;
  /** Not answered yet. */
  readonly #open: FilterCall[] = [];
  /** Those of them that no thread was asked, in the same order. */
  readonly #unasked: FilterCall[] = [];
  /** Settled, and answered at the end of this turn. */
  #due: FilterCall[] = [];
  #expiry: NodeJS.Timeout | null = null;
  #onEmpty: (() => void)[] = [];

  constructor(options: FilterCallsOptions) {
    this.#options = options;
  }

  add(input: RouteInput, done: (traced: boolean) => void): FilterCall {
    const call: FilterCall = { input, done, since: performance.now(), outcome: null };
    this.#open.push(call);
    this.#unasked.push(call);
    this.#expiry ??= setTimeout(() => this.#expire(), this.#options.maxWait);
    const oldest = this.#open[0];
    if (this.#open.length > this.#options.max && oldest !== undefined) this.settle(oldest, 'unavailable');
    return call;
  }

  get hasUnasked(): boolean {
    return this.#unasked.length > 0;
  }

  /** The next call to put to a thread. */
  take(): FilterCall | undefined {
    let call = this.#unasked.shift();
    while (call !== undefined && call.outcome !== null) call = this.#unasked.shift();
    return call;
  }

  /** Calls that were taken and not answered by their thread; they are older than all that were not taken. */
  giveBack(calls: readonly FilterCall[]): void {
    this.#unasked.unshift(...calls);
  }

  /** The first outcome stands: a thread may still answer a call that was settled without it. */
  settle(call: FilterCall, outcome: DecisionOutcome): void {
    if (call.outcome !== null) return;
    call.outcome = outcome;
    this.#options.onSettled(outcome);
    shiftSettled(this.#unasked);
    const due = shiftSettled(this.#open);
    if (due.length === 0) return;
    if (this.#due.length === 0) setImmediate(() => this.#answer());
    this.#due.push(...due);
    if (this.#open.length === 0) this.#disarm();
  }

  settleAll(outcome: DecisionOutcome): void {
    for (let call = this.#open[0]; call !== undefined; call = this.#open[0]) this.settle(call, outcome);
  }

  /** Resolves when every call is answered. */
  empty(): Promise<void> {
    if (this.#open.length === 0 && this.#due.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #answer(): void {
    const due = this.#due;
    this.#due = [];
    for (const { done, outcome } of due) done(outcome !== 'drop');
    if (this.#open.length > 0 || this.#due.length > 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const resolve of waiting) resolve();
  }

  #disarm(): void {
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    this.#expiry = null;
  }

  #expire(): void {
    const { maxWait } = this.#options;
    // After a stall of the event loop, decisions may have arrived that are not delivered yet.
    setImmediate(() => {
      this.#disarm();
      // A millisecond early, as timers may be.
      const now = performance.now() + 1;
      let oldest = this.#open[0];
      while (oldest !== undefined && now - oldest.since >= maxWait) {
        this.settle(oldest, 'unavailable');
        oldest = this.#open[0];
      }
      if (oldest !== undefined) this.#expiry = setTimeout(() => this.#expire(), oldest.since + maxWait - now + 1);
    });
  }
}

function shiftSettled(calls: FilterCall[]): FilterCall[] {
  const waiting = calls.findIndex((call) => call.outcome === null);
  return calls.splice(0, waiting === -1 ? calls.length : waiting);
}
