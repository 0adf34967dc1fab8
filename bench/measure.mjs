/** One row: its proxy, and what its rounds cost. */
import { cpuTime } from './cpu.mjs';

/** @import { Program } from './processes.mjs' */
/** @import { Row, Setting, Proxy } from './rows/row.mjs' */

/**
 * @typedef {object} Round
 * @property {number} exchanges
 * @property {number} user CPU seconds of the proxy's process
 * @property {number} system CPU seconds of the proxy's process
 * @property {number} wall seconds
 */

/** A row whose proxy runs. */
export class Measurement {
  /** @type {Round[]} */
  rounds = [];
  /** @readonly */ name;
  #proxy;
  #load;
  #exchanges = 0;

  /**
   * @param {Row} row
   * @param {Setting} setting
   * @param {Program} load
   */
  static async start(row, setting, load) {
    const proxy = await row.start(setting);
    await load.ask('connect', row.name, proxy.port);
    return new Measurement(row.name, proxy, load);
  }

  /** @param {string} name @param {Proxy} proxy @param {Program} load */
  constructor(name, proxy, load) {
    this.name = name;
    this.#proxy = proxy;
    this.#load = load;
  }

  /** Not measured: compilers, buffers and windows find their size. @param {number} exchanges */
  async warmUp(exchanges) {
    await this.#run(exchanges);
  }

  /** @param {number} exchanges */
  async round(exchanges) {
    const before = cpuTime(this.#proxy.pid);
    const wall = await this.#run(exchanges);
    const after = cpuTime(this.#proxy.pid);
    const round = {
      exchanges,
      user: after.user - before.user,
      system: after.system - before.system,
      wall,
    };
    this.rounds.push(round);
    return round;
  }

  /** Closes the links, ends the proxy and has it add up what it did. */
  async end() {
    await this.#load.ask('close', this.name);
    await this.#proxy.end(this.#exchanges);
  }

  /** @param {number} exchanges */
  async #run(exchanges) {
    const seconds = await this.#load.ask('run', this.name, exchanges);
    this.#exchanges += exchanges;
    await this.#proxy.settle(this.#exchanges);
    return seconds;
  }
}
