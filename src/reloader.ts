import { changesBetween, readConfig, type Config } from './config.js';
import type { Environment } from './config/token.js';
import type { ReloadOutcome } from './control/commands.js';
import type { ReloadFigures } from './control/metric-families.js';
import { messageOf, MsrptapError } from './lib/errors.js';
import type { Log } from './lib/log.js';
import { Turns } from './lib/turns.js';

export interface ReloaderOptions {
  /** The one that it starts with; its file is the one that is read. */
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Log;
  /** Puts a configuration in force everywhere, or nowhere. @throws MsrptapError what it cannot be used for */
  readonly apply: (config: Config) => Promise<void>;
}

/** Reads the configuration anew, and puts all of it in force, or nothing: what only a restart can change is refused. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #config: Config;
  readonly #counts = { success: 0, failure: 0 };
  #isLastSuccessful = true;
  /** In seconds since 1970. The start was one. */
  #lastSuccess = Date.now() / 1_000;
  readonly #turns = new Turns();
  /** Why nothing is reloaded any more. */
  #refusal: string | null = null;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** The one in force. */
  get config(): Config {
    return this.#config;
  }

  get figures(): ReloadFigures {
    return { ...this.#counts, isLastSuccessful: this.#isLastSuccessful, lastSuccess: this.#lastSuccess };
  }

  /** One after the other. Never rejects. */
  reload(): Promise<ReloadOutcome> {
    return this.#turns.run(() => this.#reload());
  }

  /** What depends on the configuration, and must not happen while another comes in force. */
  between<T>(act: () => T | Promise<T>): Promise<T> {
    return this.#turns.run(act);
  }

  /**
   * What makes another process go on in the place of this one, which has read the file by itself: reloads that are asked for
   * meanwhile wait, and when it is done they are refused.
   * @throws what it fails with; then they are not
   */
  handOver<T>(act: () => Promise<T>): Promise<T> {
    return this.between(async () => {
      const done = await act();
      this.#refusal = 'another process has taken over, and may have read another configuration: reload that one';
      return done;
    });
  }

  /** What is under way comes to its end, and all that follow are refused. */
  async stop(): Promise<void> {
    this.#refusal ??= 'it stops';
    await this.#turns.run(() => {});
  }

  async #reload(): Promise<ReloadOutcome> {
    const outcome = await this.#outcome();
    const { refused, changed } = outcome;
    const { log } = this.#options;
    this.#isLastSuccessful = refused === null;
    this.#counts[refused === null ? 'success' : 'failure'] += 1;
    if (refused === null) {
      this.#lastSuccess = Date.now() / 1_000;
      log.info(
        { changed: changed.map(({ key, old, new: now }) => ({ key, old, new: now })) },
        'configuration reloaded',
      );
    } else {
      const { code, why: error } = refused;
      log.error({ code, error, changed }, 'configuration not reloaded, the previous one stays in force');
    }
    return outcome;
  }

  async #outcome(): Promise<ReloadOutcome> {
    let changed: ReloadOutcome['changed'] = [];
    try {
      if (this.#refusal !== null) throw new MsrptapError('reload_refused', this.#refusal);
      const next = readConfig(this.#config.file, this.#options.environment);
      changed = changesBetween(this.#config, next);
      refuseRestarts(changed);
      await this.#options.apply(next);
      this.#config = next;
      return { refused: null, changed };
    } catch (error) {
      const code = error instanceof MsrptapError ? error.code : 'reload_failed';
      return { refused: { code, why: messageOf(error) }, changed };
    }
  }
}

/** @throws MsrptapError reload_refused */
function refuseRestarts(changed: ReloadOutcome['changed']): void {
  const keys = changed.filter(({ needsRestart }) => needsRestart).map(({ key }) => key);
  if (keys.length === 0) return;
  throw new MsrptapError('reload_refused', `nothing is changed, for this takes a restart: ${keys.join(', ')}`);
}
