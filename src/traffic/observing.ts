import type { Config } from '../config.js';
import type { Limits } from '../config/types.js';
import { workerLimits } from '../config/worker-limits.js';
import { ConnectionLog } from '../control/connection-log.js';
import { Counting } from '../control/counting.js';
import type { TrafficSources } from '../control/metric-families.js';
import type { Observer } from '../events.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { LoopLag } from '../lib/loop-lag.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import { PARSE_ERRORS } from '../msrp/parse-errors.js';
import { Observers } from '../proxy/observers.js';
import type { Session } from '../sessions/session.js';
import { Sessions, type SessionEntry } from '../sessions/sessions.js';
import { TransactionsByTimeout } from '../transactions/by-timeout.js';

/** What is told elsewhere than here. */
type OtherSources = Omit<TrafficSources, 'sessions' | 'sessionTotals' | 'transactionsOpen' | 'observerErrors'>;

export interface ObservingOptions {
  readonly config: Config;
  readonly log: Log;
  readonly sources: OtherSources;
  /** Told everything, as metrics are, whatever the configuration says. */
  readonly observers: readonly Observer[];
}

/**
 * All that look on: counting, the log, sessions, transactions, the tracer. What is counted is counted from the start on: a
 * reload changes who observes the links to come, and nothing of what is known.
 */
export class Observing {
  readonly observers: Observers;
  readonly #counting: Counting;
  readonly #always: readonly Observer[];
  readonly #sessions: Sessions;
  readonly #transactions: TransactionsByTimeout<Session>;
  readonly #connectionLog: ConnectionLog;
  readonly #errorLog: RateLimitedLog;
  readonly #loopLag: LoopLag;
  /** What this process gets of those that are over all workers. */
  #limits: Limits;
  #errors = 0;

  constructor({ config, log, sources, observers }: ObservingOptions) {
    this.#limits = workerLimits(config);
    this.#counting = new Counting(Object.keys(PARSE_ERRORS), {
      ...sources,
      sessions: () => this.#sessions.states(),
      sessionTotals: () => this.#sessions.totals(),
      transactionsOpen: () => this.#transactions.open,
      observerErrors: () => this.#errors,
    });
    this.#connectionLog = new ConnectionLog(log);
    this.#errorLog = new RateLimitedLog(log);
    this.#sessions = new Sessions(this.#counting.sessions, () => this.#limits);
    this.#transactions = new TransactionsByTimeout<Session>(
      () => this.#limits.transactions,
      this.#counting,
      (link) => this.#sessions.on(link),
    );
    this.#sessions.watch(this.#transactions);
    this.#loopLag = new LoopLag((lag) => this.#counting.lag(lag));
    this.#always = [this.#counting, this.#connectionLog, ...observers];
    this.observers = new Observers(this.#always, (thrown) => this.#onError(thrown));
  }

  /** @param tracer null: nothing is traced */
  use(config: Config, tracer: Observer | null): void {
    const { proto_msrp } = config;
    this.#limits = workerLimits(config);
    const transactions = this.#transactions.of(proto_msrp.transaction_timeout);
    this.observers.use(
      [...this.#always, ...(tracer === null ? [] : [tracer]), ...(proto_msrp.sessions === 1 ? [this.#sessions] : [])],
      transactions === null ? [] : [transactions],
    );
  }

  get counting(): Counting {
    return this.#counting;
  }

  sessions(): Iterable<SessionEntry> {
    return this.#sessions.entries();
  }

  stop(): void {
    this.#sessions.stop();
    this.#loopLag.stop();
  }

  flush(): void {
    this.#connectionLog.flush();
    this.#errorLog.flush();
  }

  #onError(thrown: unknown): void {
    this.#errors += 1;
    this.#errorLog.write('error', 'an observer failed; forwarding goes on', { error: messageOf(thrown) });
  }
}
