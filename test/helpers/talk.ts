import { expect } from 'vitest';
import type { Peer } from './peer.js';
import { Chat } from './wire.js';

/** Exchanges messages over a link, one after another, until told to stop; every one has to arrive unchanged. */
export class Talk {
  /** The longest time from a request to its response, in ms. */
  longest = 0;
  exchanges = 0;
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(client: Peer, server: Peer, body: string) {
    this.#done = this.#run(client, server, new Chat(), body);
    // Told by stop(); a test that fails before has its own error.
    this.#done.catch(() => {});
  }

  /** @throws what went wrong on the way */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#done;
  }

  async #run(client: Peer, server: Peer, chat: Chat, body: string): Promise<void> {
    while (!this.#isOver) {
      const startedAt = performance.now();
      const question = chat.ask(`${this.exchanges} ${body}`);
      const answer = chat.ok(question);
      client.send(question);
      expect((await server.receive(question.length)).equals(question)).toBe(true);
      server.send(answer);
      expect((await client.receive(answer.length)).equals(answer)).toBe(true);
      this.longest = Math.max(this.longest, performance.now() - startedAt);
      this.exchanges += 1;
    }
  }
}
