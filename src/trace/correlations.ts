/**
 * Which SIP call a MSRP session belongs to: the packets of the session carry the Call-ID then, and Homer shows them with the
 * call. Told by MI (msrptap:correlate), or learnt from SIP itself (hep_input), by the session-id of either end.
 */

/** Whose word it is. MI's counts more: somebody has said it on purpose. */
export type CorrelationSource = 'mi' | 'sip';

/** As it is told, here and between processes. */
export interface CorrelationTime {
  readonly session: string;
  readonly call: string;
  readonly from: CorrelationSource;
  /** From now on; 0 takes it back. */
  readonly seconds: number;
}

/** One that links hold on to, for longer than it is known here: a chat must not leave its call because time passes. */
export interface Correlation {
  /** null: it was taken back. */
  readonly call: string | null;
  readonly isKnown: boolean;
}

export interface CorrelationCounts {
  readonly learnt: Readonly<Record<CorrelationSource, number>>;
  readonly refused: number;
  readonly forgotten: number;
}

export interface CorrelationLimits {
  /** How many there may be. The oldest is forgotten for a new one: its call is most likely over, and a flood does no lasting harm. */
  readonly limit: number;
  /** Milliseconds that one is known, unless it is told anew. */
  readonly lifetime: number;
}

/** SIP says the same several times within a second: a time is renewed when this part of it is over. */
const RENEWED_AFTER = 1 / 8;

/** Milliseconds between two looks for those whose time is over, and how many are looked at: well below a millisecond's work. */
const SWEEP_INTERVAL = 1_000;
const SWEEP_SIZE = 5_000;

interface Entry extends Correlation {
  readonly session: string;
  call: string | null;
  from: CorrelationSource;
  isKnown: boolean;
  /** performance.now() of its end. */
  until: number;
}

export class Correlations {
  #limit: number;
  #lifetime: number;
  /** In the order in which they were told last. */
  readonly #entries = new Map<string, Entry>();
  readonly #learnt = { mi: 0, sip: 0 };
  #refused = 0;
  #forgotten = 0;
  /** All that it has come by are gone. */
  #oldest: Iterator<Entry> = this.#entries.values();
  #timer: NodeJS.Timeout | null = null;
  #sweep: Iterator<Entry> | null = null;

  constructor({ limit, lifetime }: CorrelationLimits) {
    this.#limit = limit;
    this.#lifetime = lifetime;
  }

  /** Others from now on: of more than there may be, the oldest are forgotten. Those that are known keep their time. */
  limit({ limit, lifetime }: CorrelationLimits): void {
    this.#limit = limit;
    this.#lifetime = lifetime;
    while (this.#entries.size > limit) this.#forgetOldest();
  }

  /** Those whose time has just passed included. */
  get size(): number {
    return this.#entries.size;
  }

  /** Since the start. */
  get counts(): CorrelationCounts {
    return { learnt: { ...this.#learnt }, refused: this.#refused, forgotten: this.#forgotten };
  }

  get(session: string): Correlation | null {
    return this.#current(session);
  }

  /** Those that are known, oldest first. What is told while it runs comes up in it. */
  *times(): Generator<CorrelationTime> {
    for (const { session, call, from, until } of this.#entries.values()) {
      const seconds = (until - performance.now()) / 1_000;
      if (call !== null && seconds > 0) yield { session, call, from, seconds };
    }
  }

  /** The last that were told, newest first. @param count at most */
  newest(count: number): readonly CorrelationTime[] {
    const all = [...this.#entries.keys()].slice(-count).toReversed();
    return all.flatMap((session) => this.timeOf(session) ?? []);
  }

  timeOf(session: string): CorrelationTime | null {
    const entry = this.#current(session);
    if (entry === null || entry.call === null) return null;
    return { session, call: entry.call, from: entry.from, seconds: (entry.until - performance.now()) / 1_000 };
  }

  /** Adds one, changes it, or takes it back: whatever was known before. */
  tell({ session, call, from, seconds }: CorrelationTime): void {
    const entry = this.#current(session);
    if (seconds <= 0) {
      if (entry === null) return;
      entry.call = null;
      this.#forget(entry);
      return;
    }
    if (entry?.call !== call) this.#learnt[from] += 1;
    this.#set(entry, { session, call, from, until: performance.now() + seconds * 1_000 });
  }

  /**
   * Takes what SIP says. The first call that names a session has it: of the two of a back-to-back user agent that would be the
   * caller's, and none takes the session of another.
   * @returns what is to be told to others; null: nothing new
   */
  learn(session: string, call: string): CorrelationTime | null {
    const entry = this.#current(session);
    if (entry !== null && entry.call !== call) {
      this.#refused += 1;
      return null;
    }
    const until = performance.now() + this.#lifetime;
    if (entry !== null && until - entry.until < this.#lifetime * RENEWED_AFTER) return null;
    if (entry === null) this.#learnt.sip += 1;
    const from = entry?.from ?? 'sip';
    this.#set(entry, { session, call, from, until });
    return { session, call, from, seconds: this.#lifetime / 1_000 };
  }

  #current(session: string): Entry | null {
    const entry = this.#entries.get(session);
    if (entry === undefined) return null;
    if (entry.until > performance.now()) return entry;
    this.#forget(entry);
    return null;
  }

  /** In place where there is one, for the links that hold it. */
  #set(entry: Entry | null, told: Pick<Entry, 'session' | 'call' | 'from' | 'until'>): void {
    const { session } = told;
    if (entry !== null) this.#entries.delete(session);
    else if (this.#entries.size >= this.#limit) this.#forgetOldest();
    const { call, from, until } = told;
    this.#entries.set(
      session,
      entry === null ? { session, call, isKnown: true, from, until } : Object.assign(entry, told),
    );
    this.#timer ??= setInterval(() => this.#sweepSome(), SWEEP_INTERVAL).unref();
  }

  #forgetOldest(): void {
    // The same iterator again: a new one would pass all the holes that those before have left, a hundred microseconds long.
    let next = this.#oldest.next();
    if (next.done === true) next = (this.#oldest = this.#entries.values()).next();
    if (next.done === true) return;
    this.#forgotten += 1;
    this.#forget(next.value);
  }

  #forget(entry: Entry): void {
    entry.isKnown = false;
    this.#entries.delete(entry.session);
  }

  /** A part at a time: the next look goes on where this one stops. */
  #sweepSome(): void {
    const now = performance.now();
    this.#sweep ??= this.#entries.values();
    for (let looked = 0; looked < SWEEP_SIZE; looked += 1) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = null;
        break;
      }
      if (next.value.until <= now) this.#forget(next.value);
    }
    if (this.#entries.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
