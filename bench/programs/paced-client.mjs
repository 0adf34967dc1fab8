/**
 * Open loop: messages are due at fixed times, whether or not those before were answered, and a latency begins when its
 * message was due. So a proxy that stalls pays for every message that became due meanwhile (no coordinated omission).
 */
import { Links } from './links.mjs';

/** @import { Link } from './links.mjs' */
/** @import { Traffic, Work } from './messages.mjs' */

export class PacedClient {
  #links;
  /** When the messages without a response were due, in milliseconds, by link, oldest first. @type {number[][]} */
  #due = [];
  /** Milliseconds. @type {number[]} */
  #latencies = [];
  #onResponse = () => {};

  /** @param {Work} work @param {(error: Error) => void} onError */
  constructor(work, onError) {
    this.#links = new Links(work, (link, count) => this.#answered(link, count), onError);
  }

  /** @param {number} port @param {(link: number, localPort: number) => Traffic} trafficOf */
  async connect(port, trafficOf) {
    await this.#links.open(port, trafficOf);
    this.#due = this.#links.all.map(() => []);
  }

  /**
   * Message after message, over the links in turn.
   * @param {number} perSecond over all links
   * @param {number} seconds
   * @returns {Promise<readonly number[]>} latencies in milliseconds, lowest first
   */
  run(perSecond, seconds) {
    const { all } = this.#links;
    const messages = Math.round(perSecond * seconds);
    const interval = 1_000 / perSecond;
    this.#latencies = [];
    return new Promise((resolve) => {
      this.#onResponse = () => {
        if (this.#latencies.length === messages) resolve(this.#latencies.toSorted((a, b) => a - b));
      };
      const start = performance.now();
      let sent = 0;
      const turn = () => {
        for (; sent < messages && start + sent * interval <= performance.now(); sent += 1) {
          const link = all[sent % all.length];
          this.#due[sent % all.length]?.push(start + sent * interval);
          link?.outgoing.send(1);
        }
        // Not a timer, whose step of a millisecond is more than what is measured.
        if (sent < messages) setImmediate(turn);
      };
      turn();
    });
  }

  close() {
    return this.#links.close();
  }

  /** @param {Link} link @param {number} count */
  #answered(link, count) {
    const now = performance.now();
    for (const due of this.#due[link.number]?.splice(0, count) ?? []) this.#latencies.push(now - due);
    this.#onResponse();
  }
}
