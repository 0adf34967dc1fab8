export interface RateLimits {
  /** Lines of one message that pass in a window; default 5. */
  readonly lines?: number;
  /** Milliseconds; default 10,000. */
  readonly window?: number;
}

export type LimitedLevel = 'info' | 'warn' | 'error';

/** Where the lines go; a Log is one. */
export type LogSink = Record<LimitedLevel, (fields: Readonly<Record<string, unknown>>, message: string) => void>;

interface Window {
  readonly level: LimitedLevel;
  passed: number;
  leftOut: number;
}

/**
 * A log for what may happen with every connection: of each message the first lines of a window are written, the rest is
 * counted, and at the end of the window the count is told (`leftOut`). Messages are fixed texts (what varies goes into the
 * fields): there is one window a message.
 */
export class RateLimitedLog {
  readonly #log: LogSink;
  readonly #lines: number;
  readonly #window: number;
  readonly #windows = new Map<string, Window>();
  #timer: NodeJS.Timeout | null = null;

  constructor(log: LogSink, { lines = 5, window = 10_000 }: RateLimits = {}) {
    this.#log = log;
    this.#lines = lines;
    this.#window = window;
  }

  write(level: LimitedLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    const window = this.#windows.get(message) ?? this.#open(level, message);
    if (window.passed === this.#lines) {
      window.leftOut += 1;
      return;
    }
    window.passed += 1;
    this.#log[level](fields, message);
  }

  /** Ends all windows, telling now what was left out. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [message, { level, leftOut }] of this.#windows) {
      if (leftOut > 0) this.#log[level]({ leftOut }, message);
    }
    this.#windows.clear();
  }

  #open(level: LimitedLevel, message: string): Window {
    const window: Window = { level, passed: 0, leftOut: 0 };
    this.#windows.set(message, window);
    this.#timer ??= setTimeout(() => this.flush(), this.#window).unref();
    return window;
  }
}
