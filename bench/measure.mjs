/** What the rounds of each row cost. */
import { cpuTime } from './cpu.mjs';

/** @import { Plan } from './options.mjs' */
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
  /** Since the proxy's start. */
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
    const round = { exchanges, user: after.user - before.user, system: after.system - before.system, wall };
    this.rounds.push(round);
    return round;
  }

  /** Closes the links, ends the proxy and has it add up what it did. */
  async end() {
    await this.#load.ask('close', this.name);
    await this.#proxy.end(this.#exchanges);
  }

  /** @param {number} exchanges @returns {Promise<number>} seconds */
  async #run(exchanges) {
    const seconds = await this.#load.ask('run', this.name, exchanges);
    this.#exchanges += exchanges;
    await this.#proxy.settle(this.#exchanges);
    return seconds;
  }
}

/**
 * Rounds of all rows in turn: a machine that others use too changes its pace, for all rows alike then.
 * @param {readonly Row[]} rows
 * @param {Plan} plan
 * @param {Setting} setting
 * @param {Program} load
 * @param {(name: string, round: Round, number: number) => void} onRound numbers begin with 1
 */
export async function measure(rows, plan, setting, load, onRound) {
  /** @type {Measurement[]} */
  const measurements = [];
  await inTurn(rows, async (row) => {
    const measurement = await Measurement.start(row, setting, load);
    await measurement.warmUp(plan.warmUp);
    measurements.push(measurement);
  });
  const numbers = Array.from({ length: plan.rounds }, (_, index) => index + 1);
  await inTurn(numbers, (number) =>
    inTurn(measurements, async (measurement) => {
      onRound(measurement.name, await measurement.round(plan.exchanges), number);
    }),
  );
  await inTurn(measurements, (measurement) => measurement.end());
  return measurements.map(({ name, rounds }) => ({ name, rounds }));
}

/**
 * One step after the other: two proxies at once would be measured at each other's cost.
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<void>} step
 * @returns {Promise<void>}
 */
function inTurn(items, step) {
  return items.reduce((before, item) => before.then(() => step(item)), Promise.resolve());
}
