import { Worker } from 'node:worker_threads';
import { MsrptapError } from '../lib/errors.js';
import type { LogSink } from '../lib/rate-limited-log.js';
import { StallWatch } from '../lib/stall-watch.js';
import type { FilterCall } from './filter-calls.js';
import type { FromWorker, PostedCall, ToWorker, WorkerSetup } from './filter-messages.js';
import { describeThrown, type RouteDecision } from './filter-route.js';

/**
 * What a module may use, in MB. A thread that keeps 64 MB more than after loading is replaced long before (filter-worker);
 * this is the net below, so it leaves room for a module with a large table.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

/** Calls posted and not answered: enough to keep the thread busy; the others wait where they are bounded and can be moved. */
const WINDOW = 100;

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
  decided(instance: FilterInstance, call: FilterCall, decision: RouteDecision): void;
  /**
   * The route took too long over `call`; the instance ends.
   * @param behind the other calls that were asked and not answered, in order
   */
  overdue(instance: FilterInstance, call: FilterCall, behind: readonly FilterCall[]): void;
  worn(instance: FilterInstance, bytes: number): void;
  /** @param unanswered calls that were asked and not answered, in order */
  ended(instance: FilterInstance, unanswered: readonly FilterCall[], crash: string | null): void;
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
  readonly #asked: { readonly id: number; readonly call: FilterCall }[] = [];
  #batch: PostedCall[] = [];
  #lastId = 0;
  #answers = 0;
  #state: State = 'loading';
  #uncaught: string | null = null;
  #settleLoad: (failure: MsrptapError | null) => void = () => {};

  constructor(options: InstanceOptions, owner: InstanceOwner) {
    this.#options = options;
    this.#owner = owner;
    const setup: WorkerSetup = { file: options.file };
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
      progress: () => (this.#asked.length === 0 ? null : this.#answers),
      stalled: () => this.#overdue(),
    });
    this.#worker.on('message', (message: FromWorker) => this.#onMessage(message));
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

  ask(call: FilterCall): void {
    if (this.#asked.length === 0) this.#worker.ref();
    const id = ++this.#lastId;
    this.#asked.push({ id, call });
    if (this.#batch.length === 0) setImmediate(() => this.#post());
    this.#batch.push({ id, input: call.input });
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
    const batch: ToWorker = this.#batch;
    this.#batch = [];
    try {
      this.#worker.postMessage(batch, []);
    } catch (error) {
      // Something that cannot be cloned. The batch is what was asked last; nobody will answer it.
      const unposted = this.#asked.splice(-batch.length);
      this.#idleWhenAnswered();
      for (const { call } of unposted) this.#owner.decided(this, call, undecidable(error));
    }
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'loaded':
        if (this.#state !== 'loading') return;
        this.#state = 'ready';
        this.#worker.unref();
        return this.#settleLoad(null);
      case 'failed':
        return this.#settleLoad(new MsrptapError(message.code, message.message));
      case 'decision':
        return this.#onDecision(message.id, message.decision);
      case 'log':
        return this.#options.log[message.level](message.fields, message.message);
      case 'worn':
        if (this.#state === 'ready') this.#owner.worn(this, message.bytes);
    }
  }

  #onDecision(id: number, decision: RouteDecision): void {
    const first = this.#asked[0];
    if (first?.id !== id || this.#state === 'ending') return;
    this.#asked.shift();
    this.#answers += 1;
    this.#idleWhenAnswered();
    this.#owner.decided(this, first.call, decision);
  }

  #overdue(): void {
    const [first, ...behind] = this.#takeAsked();
    if (first === undefined) return;
    void this.end();
    this.#owner.overdue(this, first, behind);
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
    this.#owner.ended(this, this.#takeAsked(), unexpected ? because : null);
  }

  #takeAsked(): FilterCall[] {
    return this.#asked.splice(0).map(({ call }) => call);
  }

  #idleWhenAnswered(): void {
    if (this.#asked.length > 0) return;
    this.#stall.disarm();
    // Waiting for connections is no reason to keep the process.
    this.#worker.unref();
    if (this.#state === 'retired') void this.end();
  }
}

function undecidable(error: unknown): RouteDecision {
  return { traced: true, outcome: 'throw', error: describeThrown(error) };
}
