import type { Socket } from 'node:net';
import { connectionsThatFit, openFileLimit } from '../config/open-files.js';
import { Sources } from '../net/sources.js';
import { HANG_MS, type WorkerProcess } from './worker-process.js';

/** How far the connections of a worker may be over those of another, so that a burst need not wait for the slower one. */
const UNEVEN = 1.1;
const UNEVEN_FEW = 4;

interface Waiting {
  readonly listener: string;
  readonly socket: Socket;
  /** As what it counts; null: it is not counted. */
  readonly source: string | null;
}

/** Accepted connections on their way to the worker that has the fewest. */
export class HandOver {
  /** Those that carry traffic, the one that was given a connection last at the end; the crew's own list. */
  readonly #members: WorkerProcess[];
  readonly #waiting: Waiting[] = [];
  /** Of those that wait and are counted. */
  readonly sources = new Sources();
  /** What one worker has room for. */
  readonly #fit = connectionsThatFit(openFileLimit());
  #lookAgain: NodeJS.Timeout | null = null;

  constructor(members: WorkerProcess[]) {
    this.#members = members;
  }

  /** Accepted, and not handed over yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(listener: string, socket: Socket, source: string | null): void {
    this.#waiting.push({ listener, socket, source });
    if (source !== null) this.sources.add(source);
    this.go();
  }

  /** As far as there are workers who are free. */
  go(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#pick();
      const next = worker === null ? undefined : this.#waiting.shift();
      if (worker === null || next === undefined) {
        // The one whose turn it is may turn out to hang.
        this.#lookAgain ??= setTimeout(() => {
          this.#lookAgain = null;
          this.go();
        }, HANG_MS);
        return;
      }
      this.#members.splice(this.#members.indexOf(worker), 1);
      this.#members.push(worker);
      if (next.source !== null) this.sources.remove(next.source);
      worker.hand(next.listener, next.socket, next.source);
    }
  }

  /**
   * Hands over those that wait, to workers that are busy too: they drain them with the others, and a client that was accepted a
   * moment before a restart is ended well. Only where no worker answers are they reset.
   */
  stop(): void {
    if (this.#lookAgain !== null) clearTimeout(this.#lookAgain);
    this.#lookAgain = null;
    const able = this.#members.filter((worker) => !worker.isOver && !worker.hangs);
    for (const [index, { listener, socket, source }] of this.#waiting.splice(0).entries()) {
      const worker = able[index % able.length];
      if (worker === undefined) socket.resetAndDestroy();
      else worker.hand(listener, socket, source);
    }
  }

  /**
   * The worker with the fewest connections among those that are free, unless one that is busy for a moment has far fewer:
   * in a burst, whoever is quicker would get them all. One that hangs gets the one connection that it did not take.
   */
  #pick(): WorkerProcess | null {
    const able = this.#members.filter((worker) => worker.held < this.#fit && !worker.hangs);
    const fewest = Math.min(...able.map(({ held }) => held));
    const most = fewest * UNEVEN + UNEVEN_FEW;
    let picked: WorkerProcess | null = null;
    for (const worker of able) {
      if (!worker.isFree || worker.held > most) continue;
      if (picked === null || worker.held < picked.held) picked = worker;
    }
    return picked;
  }
}
