import { expect } from 'vitest';
import type { Peer } from '../helpers/peer.js';
import { Chat } from '../helpers/wire.js';

/** The two ends of a link. */
export interface Ends {
  readonly client: Peer;
  readonly server: Peer;
}

/** ms from one pair to the next: a rate that a Homer on a busy machine keeps up with. */
const PERIOD_MS = 5;

/** What is said: chats of this length bring some 4 MB a second to Homer, more than its queue holds for as long as an outage lasts. */
const BODY = 'Lorem ipsum dolor sit amet, consectetur adipiscing elit. '.repeat(200);

/**
 * The same traffic on two links at a fixed rate: a message and its 200 on one, then on the other, each first in turn. What
 * the machine is busy with meanwhile makes both slow, so their ratio tells what differs between them.
 */
export class Pairs {
  readonly #links: readonly [Line, Line];
  readonly #done: Promise<void>;
  #isOver = false;

  constructor(one: Ends, other: Ends) {
    this.#links = [new Line(one), new Line(other)];
    this.#done = this.#run();
    // Told by stop(); a test that fails before has its own error.
    this.#done.catch(() => {});
  }

  /** Medians, in ms, of what was exchanged since the last call. */
  medians(): readonly [number, number] {
    const [one, other] = this.#links;
    return [one.median(), other.median()];
  }

  /** @throws what went wrong on the way @returns exchanges on each of them */
  async stop(): Promise<number> {
    this.#isOver = true;
    await this.#done;
    return this.#links[0].exchanges;
  }

  async #run(): Promise<void> {
    const [one, other] = this.#links;
    for (let next = performance.now(); !this.#isOver; next += PERIOD_MS) {
      for (const line of one.exchanges % 2 === 0 ? [one, other] : [other, one]) await line.exchange();
      const wait = next + PERIOD_MS - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      // A pause of the machine is not made good for: that would be a burst.
      else next = performance.now();
    }
  }
}

class Line {
  exchanges = 0;
  readonly #ends: Ends;
  readonly #chat = new Chat();
  #latencies: number[] = [];

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  async exchange(): Promise<void> {
    const { client, server } = this.#ends;
    const question = this.#chat.ask(`${this.exchanges} ${BODY}`);
    const answer = this.#chat.ok(question);
    const startedAt = performance.now();
    client.send(question);
    expect((await server.receive(question.length)).equals(question)).toBe(true);
    server.send(answer);
    expect((await client.receive(answer.length)).equals(answer)).toBe(true);
    this.#latencies.push(performance.now() - startedAt);
    this.exchanges += 1;
  }

  median(): number {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    this.#latencies = [];
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  }
}
