// @ts-check
/** What is said all the time. */
import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as rest } from 'node:timers/promises';
import { Link } from './link.mjs';

/** @import { End } from './link.mjs' */

const CHATS = 20;
/** Milliseconds between two messages of a chat. */
const CHAT_PAUSE = 100;
const FILE = 5_000_000;
const FILE_PAUSE = 5_000;
/** A link each time it comes. */
const CHURN_PAUSE = 10;
const ABORT_PAUSE = 250;
const GARBAGE_PAUSE = 500;
/** Links that come and go at once at most: more are a proxy that has stopped answering. */
const MOST_UNDER_WAY = 500;

export class Traffic {
  #port;
  #isOver = false;
  #underWay = 0;
  links = 0;
  exchanges = 0;
  /** What should not have been. @type {string[]} */
  wrong = [];

  /** @param {number} port of msrptap */
  constructor(port) {
    this.#port = port;
  }

  /** @returns {Promise<void>} over when it was stopped */
  async run() {
    const courses = [
      this.#repeat(CHURN_PAUSE, async () => void this.#visit()),
      this.#repeat(FILE_PAUSE, () => this.#file()),
      this.#repeat(ABORT_PAUSE, () => this.#abort()),
      this.#repeat(GARBAGE_PAUSE, () => this.#garbage()),
    ];
    for (let i = 0; i < CHATS; i += 1) courses.push(this.#guarded(() => this.#chat()));
    await Promise.all(courses);
  }

  stop() {
    this.#isOver = true;
  }

  /** @param {number} pause ms @param {() => Promise<void>} work */
  async #repeat(pause, work) {
    const startedAt = performance.now();
    for (let turn = 1; !this.#isOver; turn += 1) {
      await this.#guarded(work);
      // At a rate, whatever a turn takes; what was missed is not made up for.
      const left = startedAt + turn * pause - performance.now();
      await rest(Math.max(left, left < -pause ? pause : 0));
    }
  }

  /** @param {() => Promise<void>} work */
  async #guarded(work) {
    try {
      await work();
    } catch (error) {
      this.wrong.push(error instanceof Error ? error.message : String(error));
    }
  }

  async #open() {
    this.links += 1;
    return Link.open(this.#port);
  }

  /** @param {Link} link @param {Buffer} bytes */
  async #exchange(link, bytes) {
    await link.exchange(bytes);
    this.exchanges += 1;
  }

  async #chat() {
    const link = await this.#open();
    while (!this.#isOver) {
      await this.#exchange(link, link.message(Buffer.alloc(randomInt(1, 3_000), 'a')));
      await rest(CHAT_PAUSE);
    }
    await link.close('fin');
  }

  async #visit() {
    if (this.#underWay >= MOST_UNDER_WAY) throw new Error(`${MOST_UNDER_WAY} links wait for an answer`);
    this.#underWay += 1;
    await this.#guarded(async () => {
      const link = await this.#open();
      await this.#exchange(link, link.message(null));
      /** @type {End} */
      const end = randomInt(2) === 0 ? 'fin' : 'rst';
      await link.close(end);
    });
    this.#underWay -= 1;
  }

  async #file() {
    const link = await this.#open();
    await this.#exchange(link, link.message(randomBytes(FILE)));
    await link.close('fin');
  }

  /** A chunk that is broken off as it should be, then one by which the connection breaks. */
  async #abort() {
    const link = await this.#open();
    await this.#exchange(link, link.message(randomBytes(500), '#'));
    link.send(link.message(randomBytes(5_000)).subarray(0, randomInt(1, 4_000)));
    await link.close('rst');
  }

  async #garbage() {
    const link = await this.#open();
    link.send(Buffer.concat([Buffer.from('X'), randomBytes(randomInt(1, 2_000))]));
    await link.ended;
  }
}
