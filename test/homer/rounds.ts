import { expect } from 'vitest';
import type { Peer } from '../helpers/peer.js';
import { Chat } from '../helpers/wire.js';

/** The two ends of a link. */
export interface Ends {
  readonly client: Peer;
  readonly server: Peer;
}

/** ms from one round to the next: a rate that a Homer on a busy machine keeps up with. */
const PERIOD_MS = 5;

/** What is said: chats of this length bring some 4 MB a second to Homer, more than its queue holds for as long as an outage lasts. */
const BODY = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(200);

/**
 * The same traffic on some links at a fixed rate: a message and its 200 on one, then on the next, each of them first in
 * turn. What the machine is busy with meanwhile makes all of them slow, so their ratios tell what differs between them.
 */
export class Rounds {
  readonly #lines: readonly Line[];
  readonly #done: Promise<void>;
  #count = 0;
  #isOver = false;

  constructor(links: readonly Ends[]) {
    this.#lines = links.map((ends) => new Line(ends));
    this.#done = this.#run();
    // Told by stop(); a test that fails before has its own error.
    this.#done.catch(() => {});
  }

  /** Of each link, in ms, of what was exchanged since the last call. */
  medians(): readonly number[] {
    return this.#lines.map((line) => line.median());
  }

  /** @throws what went wrong on the way @returns exchanges on each link */
  async stop(): Promise<number> {
    this.#isOver = true;
    await this.#done;
    return this.#count;
  }

  async #run(): Promise<void> {
    for (let next = performance.now(); !this.#isOver; next += PERIOD_MS) {
      const first = this.#count % this.#lines.length;
      const inTurn = [...this.#lines.slice(first), ...this.#lines.slice(0, first)];
      for (const line of inTurn) await line.exchange(this.#count);
      this.#count += 1;
      const wait = next + PERIOD_MS - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      // A pause of the machine is not made good for: that would be a burst.
      else next = performance.now();
    }
  }
}

class Line {
  readonly #ends: Ends;
  readonly #chat = new Chat();
  #latencies: number[] = [];

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  async exchange(number: number): Promise<void> {
    const { client, server } = this.#ends;
    const question = this.#chat.ask(`${number} ${BODY}`);
    const answer = this.#chat.ok(question);
    const startedAt = performance.now();
    client.send(question);
    expect((await server.receive(question.length)).equals(question)).toBe(true);
    server.send(answer);
    expect((await client.receive(answer.length)).equals(answer)).toBe(true);
    this.#latencies.push(performance.now() - startedAt);
  }

  median(): number {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    this.#latencies = [];
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  }
}
