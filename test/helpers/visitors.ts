import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import { eventually } from './eventually.js';
import { Chat } from './wire.js';

/** Milliseconds between two visits of one of the four. */
const PACE = 4;

/** Who may be there at once: on a busy machine they would come faster than anybody could serve them. */
const CROWD = 50;

/** Milliseconds, on a machine that does a hundred other things. */
const PATIENCE = 30_000;

/**
 * Milliseconds. When this process, where the echo is too, stands still for so long, a visit may be nothing but silence to a
 * msrptap that drains, which may end it then: about that no visitor complains.
 */
const STALL = 100;

/** Clients that come all the time, say something, want to have it echoed, and go. */
export class Visitors {
  /** Whose visit went well. */
  served = 0;
  /** What became of the others. */
  readonly failures: string[] = [];
  #isOver = false;
  #present = 0;
  /** When this process was last seen to run, and when it was last seen to have stood still; as performance.now(). */
  #ranAt = performance.now();
  #stoodStillAt = 0;

  constructor(at: Endpoint) {
    const again = (): void => {
      if (this.#isOver) return;
      if (this.#present < CROWD) this.#visit(at);
      setTimeout(again, PACE);
    };
    for (let count = 0; count < 4; count += 1) again();
    const ticking = setInterval(() => this.#tick(), PACE);
    onTestFinished(() => {
      this.#isOver = true;
      clearInterval(ticking);
    });
  }

  /** When that many more have been served. */
  async more(count: number): Promise<void> {
    const enough = this.served + count;
    await eventually(() => this.served, PATIENCE).toBeGreaterThan(enough);
  }

  /** No more come, and all have gone. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await eventually(() => this.#present, PATIENCE).toBe(0);
  }

  #tick(): void {
    const now = performance.now();
    if (now - this.#ranAt > STALL) this.#stoodStillAt = now;
    this.#ranAt = now;
  }

  #visit({ ip, port }: Endpoint): void {
    this.#present += 1;
    const cameAt = performance.now();
    const said = new Chat().ask('hello');
    const socket = connect({ host: ip, port });
    const heard: Buffer[] = [];
    let octets = 0;
    socket.on('data', (bytes: Buffer) => {
      heard.push(bytes);
      octets += bytes.length;
      if (octets >= said.length) socket.end();
    });
    let failure: string | null = null;
    socket.on('error', (error) => (failure = error.message));
    socket.on('close', () => {
      this.#present -= 1;
      this.#tick();
      if (failure === null && Buffer.concat(heard).equals(said)) this.served += 1;
      else if (this.#stoodStillAt < cameAt)
        this.failures.push(failure ?? `ended after ${octets} of ${said.length} octets`);
    });
    socket.write(said);
  }
}
