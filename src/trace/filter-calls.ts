import { Fifo } from '../lib/fifo.js';

/** What a module is asked, and not answered yet. */
export interface FilterCall<Kind extends string, Question, Answer> {
  readonly kind: Kind;
  readonly question: Question;
  /** Must not throw. */
  readonly done: (answer: Answer) => void;
  /** performance.now() when it was made. */
  readonly since: number;
  answer: Answer | null;
}

export interface FilterCallsOptions<Kind, Answer> {
  readonly kind: Kind;
  /** Calls that may wait; over it the oldest is settled as unavailable. */
  readonly max: number;
  /** Milliseconds a call may wait; then it is settled as unavailable. */
  readonly maxWait: number;
  /** The answer to what no thread could answer in time. */
  readonly unavailable: Answer;
  readonly onSettled: (answer: Answer) => void;
}

/**
 * The calls that are not answered yet, oldest first. Answers are given in the order of the calls, each at the end of the
 * turn in which it and all older ones were settled; bounded in number and in time.
 */
export class FilterCalls<Kind extends string, Question, Answer> {
  readonly #options: FilterCallsOptions<Kind, Answer>;
  /** Not answered yet. */
  readonly #open = new Fifo<FilterCall<Kind, Question, Answer>>();
  /** Those of them that no thread was asked, in the same order. */
  readonly #unasked = new Fifo<FilterCall<Kind, Question, Answer>>();
  /** Settled, and answered at the end of this turn. */
  #due: FilterCall<Kind, Question, Answer>[] = [];
  #expiry: NodeJS.Timeout | null = null;
  #onEmpty: (() => void)[] = [];

  constructor(options: FilterCallsOptions<Kind, Answer>) {
    this.#options = options;
  }

  add(question: Question, done: (answer: Answer) => void): FilterCall<Kind, Question, Answer> {
    const { kind, max, maxWait, unavailable } = this.#options;
    const call = { kind, question, done, since: performance.now(), answer: null };
    this.#open.push(call);
    this.#unasked.push(call);
    this.#expiry ??= setTimeout(() => this.#expire(), maxWait);
    const oldest = this.#open.first;
    if (this.#open.length > max && oldest !== null) this.settle(oldest, unavailable);
    return call;
  }

  get hasUnasked(): boolean {
    return this.#unasked.length > 0;
  }

  /** The next call to put to a thread; null when there is none. */
  take(): FilterCall<Kind, Question, Answer> | null {
    let call = this.#unasked.shift();
    while (call !== null && call.answer !== null) call = this.#unasked.shift();
    return call;
  }

  /** Calls that were taken and not answered by their thread; they are older than all that were not taken. */
  giveBack(calls: readonly FilterCall<Kind, Question, Answer>[]): void {
    this.#unasked.unshift(calls);
  }

  /** The first answer stands: a thread may still answer a call that was settled without it. */
  settle(call: FilterCall<Kind, Question, Answer>, answer: Answer): void {
    if (call.answer !== null) return;
    call.answer = answer;
    this.#options.onSettled(answer);
    while (this.#unasked.first !== null && this.#unasked.first.answer !== null) this.#unasked.shift();
    while (this.#open.first !== null && this.#open.first.answer !== null) this.#answerSoon(this.#open.shift());
    if (this.#open.length === 0) this.#disarm();
  }

  /** As unavailable. */
  settleAll(): void {
    for (let call = this.#open.first; call !== null; call = this.#open.first) {
      this.settle(call, this.#options.unavailable);
    }
  }

  /** Resolves when every call is answered. */
  empty(): Promise<void> {
    if (this.#open.length === 0 && this.#due.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #answerSoon(call: FilterCall<Kind, Question, Answer> | null): void {
    if (call === null) return;
    if (this.#due.length === 0) setImmediate(() => this.#answer());
    this.#due.push(call);
  }

  #answer(): void {
    const due = this.#due;
    this.#due = [];
    for (const { done, answer } of due) if (answer !== null) done(answer);
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
    const { maxWait, unavailable } = this.#options;
    // After a stall of the event loop, decisions may have arrived that are not delivered yet.
    setImmediate(() => {
      this.#disarm();
      // A millisecond early, as timers may be.
      const now = performance.now() + 1;
      let oldest = this.#open.first;
      while (oldest !== null && now - oldest.since >= maxWait) {
        this.settle(oldest, unavailable);
        oldest = this.#open.first;
      }
      if (oldest !== null) this.#expiry = setTimeout(() => this.#expire(), oldest.since + maxWait - now + 1);
    });
  }
}
