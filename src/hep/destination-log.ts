import { formatEndpoint, type Endpoint } from '../lib/address.js';
import type { Log } from '../lib/log.js';
import { Episode } from './episode.js';

/** What the log is told of a destination: when something begins and when it is over, never of each packet. */
export class DestinationLog {
  readonly #log: Log;
  readonly #dropping: Episode;
  readonly #failing: Episode;
  readonly #thinning: Episode;
  /** Why it is not reachable, as was said last. */
  #toldReason: string | null = null;
  #isEnded = false;

  /** @param quiet ms without a packet that is dropped (or fails) after which that is over */
  constructor(log: Log, quiet: number) {
    this.#log = log;
    this.#dropping = new Episode(quiet, (dropped) => log.info({ dropped }, 'HEP packets no longer dropped'));
    this.#failing = new Episode(quiet, (failed) => log.info({ failed }, 'HEP packets no longer fail'));
    this.#thinning = new Episode(quiet, (leftOut) => log.info({ leftOut }, 'HEP packets within hep_max_rate again'));
  }

  up(address: Endpoint): void {
    this.#toldReason = null;
    this.#log.info({ address: formatEndpoint(address) }, 'HEP destination connected');
  }

  /** @param maybe packets that may be lost with it */
  down(reason: string, maybe: number): void {
    if (!this.#isEnded) this.#log.warn({ reason, maybe }, 'HEP destination lost');
  }

  unreachable(reason: string): void {
    if (reason !== this.#toldReason) this.#log.warn({ reason }, 'HEP destination not reachable');
    this.#toldReason = reason;
  }

  /** @param queueBytes that wait */
  dropped(packets: number, queueBytes: number): void {
    if (this.#isEnded) return;
    if (this.#dropping.add(packets)) this.#log.warn({ queueBytes }, 'HEP packets are dropped');
  }

  failed(packets: number, reason: string): void {
    if (this.#isEnded) return;
    if (this.#failing.add(packets)) this.#log.warn({ reason }, 'HEP packets cannot be sent');
  }

  /** A message was left out. */
  thinned(): void {
    if (this.#isEnded) return;
    if (this.#thinning.add(1)) this.#log.warn('HEP packets over hep_max_rate: messages are left out');
  }

  /** The destination is closed on purpose: what becomes of its packets then is no news. */
  end(): void {
    this.#isEnded = true;
    this.#dropping.end();
    this.#failing.end();
    this.#thinning.end();
  }
}
