import { Worker } from 'node:worker_threads';
import { messageOf, MsrptapError } from '../lib/errors.js';
import { Fifo } from '../lib/fifo.js';
import type { LogSink } from '../lib/rate-limited-log.js';
import { StallWatch } from '../lib/stall-watch.js';
import { Batch } from './filter-batch.js';
import { describeThrown } from './filter-error.js';
import type { Answer, FromWorker, WorkerSetup } from './filter-messages.js';
import type { AnyCall } from './filter-queue.js';

/**
 * What a module may use, in MB. A thread that keeps 64 MB more than after loading is replaced long before (filter-worker);
 * this is the net below, so it leaves room for a module with a large table.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

/**
 * Calls posted and not answered: enough to keep the thread busy through a long turn of the event loop; the others wait
 * where they are bounded and can be moved.
 */
const WINDOW = 500;

/** Milliseconds. A thread inside a blocking system call ends only with that call, and nobody may wait for it longer. */
const END_GRACE = 2_000;

/** The exit code of Node when a top-level await never settles and nothing is left to do. */
const UNSETTLED_TOP_LEVEL_AWAIT = 13;

export interface InstanceOptions {
  readonly file: string;
  readonly routeName: string;
  /** Milliseconds a route may take. */
  readonly timeout: number;
  /** Milliseconds for the start of the thread and the loading of the module. */
  readonly loadTimeout: number;
  readonly log: LogSink;
}

/** All calls come asynchronously. */
export interface InstanceOwner {
  answered(instance: FilterInstance, call: AnyCall, answer: Answer): void;
  /** It may be asked more. */
  free(instance: FilterInstance): void;
  /** What was asked last cannot be posted. */
  unpostable(instance: FilterInstance, calls: readonly AnyCall[], error: string): void;
  /**
   * The module took too long over `call`; the instance ends.
   * @param others calls that were asked and not answered, in order
   */
  overdue(instance: FilterInstance, call: AnyCall, others: readonly AnyCall[]): void;
  worn(instance: FilterInstance, bytes: number): void;
  /**
   * @param running the call that was begun last, if it was not answered
   * @param others calls that were asked and not answered, in order
   */
  ended(instance: FilterInstance, running: AnyCall | null, others: readonly AnyCall[], crash: string | null): void;
}

/** loading → ready → retired → ending → ended; any of them may be left out. */
type State = 'loading' | 'ready' | 'retired' | 'ending' | 'ended';

/** One load of a filter module: a thread with the route in it. */
export class FilterInstance {
  /** Rejects with filter_load_failed or filter_route_missing, the thread having ended. */
  readonly loaded: Promise<void>;
  readonly #options: InstanceOptions;
  readonly #owner: InstanceOwner;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #stall: StallWatch;
  readonly #asked = new Fifo<{ readonly id: number; readonly call: AnyCall }>();
  readonly #begun = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #batch: Batch | null = null;
  #lastId = 0;
  #judges = false;
  #state: State = 'loading';
  #uncaught: string | null = null;
  #settleLoad: (failure: MsrptapError | null) => void = () => {};

  constructor(options: InstanceOptions, owner: InstanceOwner) {
    this.#options = options;
    this.#owner = owner;
    const setup: WorkerSetup = { file: options.file, begun: this.#begun.buffer };
    // The environment is Node's default, a copy: the module is the operator's own code and may read it, and cannot
    // change ours. The proxy's own execArgv are not for it.
    this.#worker = new Worker(new URL('filter-worker.js', import.meta.url), {
      name: options.routeName,
      workerData: setup,
      // Nothing of it to our own stdout; it comes as messages (filter-output).
      stdout: true,
      stderr: true,
      execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'],
      resourceLimits: RESOURCE_LIMITS,
    });
    this.#stall = new StallWatch(options.timeout, {
      progress: () => (this.#asked.length === 0 ? null : Atomics.load(this.#begun, 0)),
      stalled: () => this.#overdue(),
    });
    this.#worker.on('message', (message: FromWorker) => this.#received(message));
    this.#worker.on('messageerror', (error) => this.#onError(error));
    this.#worker.on('error', (error) => this.#onError(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#onExit(code);
        resolve();
      });
    });
    this.loaded = this.#load();
  }

  /** Whether one more call may be asked. */
  get hasRoom(): boolean {
    return this.#state === 'ready' && this.#asked.length < WINDOW;
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** Whether its module says what of messages is mirrored. */
  get judges(): boolean {
    return this.#judges;
  }

  ask(call: AnyCall): void {
    if (this.#asked.length === 0) this.#worker.ref();
    // Around zero once in 2^31 calls: an Int32 stands for it.
    this.#lastId = (this.#lastId + 1) | 0;
    this.#asked.push({ id: this.#lastId, call });
    if (this.#batch === null) {
      this.#batch = new Batch(this.#lastId);
      setImmediate(() => this.#post());
    }
    this.#batch.add(call);
    this.#stall.arm();
  }

  /** Ends the thread once it has answered what it was asked. */
  retire(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'retired';
    if (this.#asked.length === 0) void this.end();
  }

  /** Ends the thread now. Resolves when it has ended, or after 2 s when a blocking system call keeps it. */
  async end(): Promise<void> {
    if (this.#state !== 'ended') this.#state = 'ending';
    this.#stall.disarm();
    this.#settleLoad(this.#loadError('it was stopped while it loaded'));
    let grace: NodeJS.Timeout | undefined;
    const given = new Promise<void>((resolve) => (grace = setTimeout(resolve, END_GRACE)));
    void this.#worker.terminate();
    await Promise.race([this.#exited, given]);
    clearTimeout(grace);
  }

  async #load(): Promise<void> {
    const { loadTimeout } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const failure = await new Promise<MsrptapError | null>((resolve) => {
      this.#settleLoad = resolve;
      const late = `it did not load within ${loadTimeout} ms; the top level of a module must neither wait nor loop`;
      timer = setTimeout(() => setImmediate(() => resolve(this.#loadError(late))), loadTimeout);
    });
    clearTimeout(timer);
    if (failure === null) return;
    await this.end();
    throw failure;
  }

  #loadError(text: string): MsrptapError {
    return new MsrptapError('filter_load_failed', `${this.#options.file}: ${text}`);
  }

  #post(): void {
    const batch = this.#batch;
    this.#batch = null;
    if (batch === null) return;
    try {
      batch.post(this.#worker);
    } catch (error) {
      // Something that cannot be cloned. The batch is what was asked last; nobody will answer it.
      const asked = this.#asked.clear();
      const unposted = asked.splice(-batch.size);
      this.#asked.unshift(asked);
      this.#idleWhenAnswered();
      this.#owner.unpostable(
        this,
        unposted.map(({ call }) => call),
        describeThrown(error),
      );
    }
  }

  /** A module has the same way to speak to this thread: what it says must not be an error here that nobody catches. */
  #received(message: FromWorker): void {
    try {
      this.#onMessage(message);
    } catch (error) {
      this.#onError(new Error(`it posted a message that is none of the filter's (${messageOf(error)})`));
      void this.#worker.terminate();
    }
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'loaded':
        if (this.#state !== 'loading') return;
        this.#state = 'ready';
        this.#judges = message.judges;
        this.#worker.unref();
        return this.#settleLoad(null);
      case 'failed':
        return this.#settleLoad(new MsrptapError(message.code, message.message));
      case 'answers':
        return this.#onAnswers(message.answers);
      case 'log':
        return this.#options.log[message.level](message.fields, message.message);
      case 'worn':
        if (this.#state === 'ready') this.#owner.worn(this, message.bytes);
    }
  }

  #onAnswers(answers: readonly Answer[]): void {
    for (const answer of answers) {
      if (this.#state === 'ending') return;
      const answered = this.#asked.shift();
      if (answered !== null) this.#owner.answered(this, answered.call, answer);
    }
    this.#idleWhenAnswered();
    this.#owner.free(this);
  }

  #overdue(): void {
    const { running, others } = this.#takeAsked();
    if (running === null) return;
    void this.end();
    this.#owner.overdue(this, running, others);
  }

  #onError(error: unknown): void {
    this.#uncaught ??= describeThrown(error);
  }

  #onExit(code: number): void {
    const unexpected = this.#state === 'ready' || this.#state === 'retired';
    this.#state = 'ended';
    this.#stall.disarm();
    const because = this.#uncaught ?? `its thread ended with exit code ${code}; a module must not end it`;
    this.#settleLoad(
      this.#loadError(code === UNSETTLED_TOP_LEVEL_AWAIT ? 'a top-level await of it never settles' : because),
    );
    const { running, others } = this.#takeAsked();
    this.#owner.ended(this, running, others, unexpected ? because : null);
  }

  /** The one that was begun last, or else the first, and the others. Some of those may be done with, and not answered yet. */
  #takeAsked(): { readonly running: AnyCall | null; readonly others: readonly AnyCall[] } {
    const asked = this.#asked.clear();
    const begun = Atomics.load(this.#begun, 0);
    const at = Math.max(
      asked.findIndex(({ id }) => id === begun),
      0,
    );
    const calls = asked.map(({ call }) => call);
    return { running: calls[at] ?? null, others: calls.toSpliced(at, 1) };
  }

  #idleWhenAnswered(): void {
    if (this.#asked.length > 0) return;
    this.#stall.disarm();
    // Waiting for connections is no reason to keep the process.
    this.#worker.unref();
    if (this.#state === 'retired') void this.end();
  }
}
