import { join } from 'node:path';
import type { Config } from '../config.js';
import type { Log } from '../lib/log.js';
import { NOTHING_PREPARED, type Prepared } from '../lib/prepared.js';
import {
  NO_DECISIONS,
  NO_MESSAGE_DECISIONS,
  type DecisionOutcome,
  type MessageOutcome,
} from '../trace/filter-outcomes.js';
import { FilterThread } from '../trace/filter-thread.js';

type Decisions = Readonly<Record<DecisionOutcome, number>>;
type MessageDecisions = Readonly<Record<MessageOutcome, number>>;

/** The filter that is in force, and those before it for as long as a link has them. */
export class Filters {
  readonly #log: Log;
  #file: string | null;
  #current: FilterThread | null;
  /** Those that have not ended, with the number of those who hold them. */
  readonly #held = new Map<FilterThread, number>();
  /** Of those that have ended. */
  #decisions: Decisions = NO_DECISIONS;
  #messageDecisions: MessageDecisions = NO_MESSAGE_DECISIONS;
  #isWatching = false;

  /** @throws MsrptapError filter_load_failed, filter_route_missing; nothing is left running then */
  static async start(config: Config, log: Log): Promise<Filters> {
    return new Filters(fileOf(config), await threadOf(config, log), log);
  }

  private constructor(file: string | null, current: FilterThread | null, log: Log) {
    this.#file = file;
    this.#current = current;
    this.#log = log;
    if (current !== null) this.#held.set(current, 0);
  }

  /** null: there is no trace_filter_route. */
  get current(): FilterThread | null {
    return this.#current;
  }

  /** The module that is in force, anew. @throws MsrptapError as start() does */
  async prepareReload(): Promise<Prepared> {
    return (await this.#current?.prepareReload()) ?? NOTHING_PREPARED;
  }

  /** The module of that configuration; anew, should it be the same. @throws MsrptapError as start() does */
  async prepare(config: Config): Promise<Prepared> {
    const file = fileOf(config);
    if (file === this.#file) return this.prepareReload();
    const thread = await threadOf(config, this.#log);
    return { use: () => this.#use(file, thread), discard: () => void thread?.stop() };
  }

  /** Keeps the one that is in force, for as long as it takes. @returns lets go of it */
  hold(): () => void {
    const thread = this.#current;
    if (thread === null) return () => {};
    this.#held.set(thread, (this.#held.get(thread) ?? 0) + 1);
    return () => {
      this.#held.set(thread, (this.#held.get(thread) ?? 1) - 1);
      this.#endUnheld(thread);
    };
  }

  /** Reloads the one in force whenever a module changes. */
  watch(): void {
    this.#isWatching = true;
    this.#current?.watch();
  }

  /** Since the start. */
  counts(): Decisions {
    return sum([this.#decisions, ...Array.from(this.#held.keys(), (thread) => thread.counts())], NO_DECISIONS);
  }

  messageCounts(): MessageDecisions {
    const all = Array.from(this.#held.keys(), (thread) => thread.messageCounts());
    return sum([this.#messageDecisions, ...all], NO_MESSAGE_DECISIONS);
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#held.keys(), (thread) => thread.stop()));
  }

  #use(file: string | null, thread: FilterThread | null): void {
    const before = this.#current;
    this.#file = file;
    this.#current = thread;
    if (thread !== null) this.#held.set(thread, 0);
    if (this.#isWatching) thread?.watch();
    before?.unwatch();
    if (before !== null) this.#endUnheld(before);
  }

  #endUnheld(thread: FilterThread): void {
    if (thread !== this.#current && this.#held.get(thread) === 0) void this.#end(thread);
  }

  async #end(thread: FilterThread): Promise<void> {
    await thread.stop();
    if (!this.#held.delete(thread)) return;
    this.#decisions = sum([this.#decisions, thread.counts()], NO_DECISIONS);
    this.#messageDecisions = sum([this.#messageDecisions, thread.messageCounts()], NO_MESSAGE_DECISIONS);
  }
}

function fileOf({ filters, proto_msrp }: Config): string | null {
  const route = proto_msrp.trace_filter_route;
  return route === null ? null : join(filters, `${route}.js`);
}

async function threadOf(config: Config, log: Log): Promise<FilterThread | null> {
  const file = fileOf(config);
  const routeName = config.proto_msrp.trace_filter_route;
  if (file === null || routeName === null) return null;
  return FilterThread.start({ file, routeName, log });
}

function sum<Counts extends Readonly<Record<string, number>>>(counts: readonly Counts[], none: Counts): Counts {
  const total: Record<string, number> = { ...none };
  for (const each of counts) {
    for (const [outcome, count] of Object.entries(each)) total[outcome] = (total[outcome] ?? 0) + count;
  }
  return { ...none, ...total };
}
