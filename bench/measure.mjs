/** What the rounds of proxies cost. */
import { cpuTime } from './cpu.mjs';
import { describe } from './work.mjs';

/** @import { Peer, Proxy } from './peers/peer.mjs' */
/** @import { Processes, Program } from './processes.mjs' */
/** @import { Work } from './programs/messages.mjs' */

/** A proxy with the work that it has to do. @typedef {{ readonly peer: Peer, readonly work: Work }} Contender */

/**
 * @typedef {object} Round
 * @property {number} exchanges
 * @property {number} cpu seconds, of all processes of the proxy
 * @property {readonly number[]} byProcess CPU seconds of each; the one that was started is the first
 * @property {number} loadCpu seconds, of the process at both ends
 * @property {number} wall seconds
 */

/** @typedef {{ readonly name: string, readonly work: string, readonly rounds: readonly Round[] }} Measured */

/**
 * @typedef {object} Stage where rounds take place
 * @property {Processes} processes
 * @property {string} folder
 * @property {(what: string) => void} tell
 */

const PER = 100_000;

/** CPU seconds for 100,000 exchanges. @param {Round} round */
export function cost({ cpu, exchanges }) {
  return (cpu / exchanges) * PER;
}

/** @param {Measured} measured */
export function costs({ rounds }) {
  return rounds.map(cost);
}

/** The process at both ends of a work. Proxies with the same work can share it. */
export class Load {
  /** @readonly */ work;
  /** @readonly */ program;
  /** @readonly */ port;

  /** @param {Processes} processes @param {Work} work */
  static async start(processes, work) {
    const program = processes.startNode('the load generator', 'load', 'load.mjs', [JSON.stringify(work)]);
    return new Load(work, program, await program.port());
  }

  /** @param {Work} work @param {Program} program @param {number} port of the endpoint */
  constructor(work, program, port) {
    this.work = work;
    this.program = program;
    this.port = port;
  }

  /** @param {Peer} peer @param {Stage} stage @returns {Promise<Proxy>} */
  startProxy(peer, { processes, folder }) {
    return peer.start({ processes, folder, work: this.work, upstreamPort: this.port });
  }
}

/** A proxy that runs, with links through it. */
export class Measurement {
  /** @type {Round[]} */
  rounds = [];
  /** @readonly */ name;
  /** @readonly */ proxy;
  /** @readonly */ work;
  #load;
  /** Since the proxy's start. */
  #exchanges = 0;

  /** @param {Peer} peer @param {Load} load @param {Stage} stage */
  static async start(peer, load, stage) {
    const measurement = new Measurement(peer.name, await load.startProxy(peer, stage), load);
    await measurement.connect();
    return measurement;
  }

  /** @param {string} name @param {Proxy} proxy @param {Load} load */
  constructor(name, proxy, load) {
    this.name = name;
    this.proxy = proxy;
    this.work = load.work;
    this.#load = load.program;
  }

  async connect() {
    await this.#load.ask('connect', this.name, this.proxy.port);
  }

  /** @param {number} exchanges @returns {Promise<number>} seconds, until the last response has arrived */
  async run(exchanges) {
    const [seconds = Number.NaN] = await this.#load.ask('run', this.name, exchanges);
    this.#exchanges += exchanges;
    await this.proxy.settle(this.#exchanges);
    return seconds;
  }

  /** @param {number} exchanges */
  async round(exchanges) {
    const { pids } = this.proxy;
    const before = pids.map(cpuTime);
    const loadBefore = cpuTime(this.#load.pid);
    const wall = await this.run(exchanges);
    const loadCpu = cpuTime(this.#load.pid) - loadBefore;
    const byProcess = pids.map((pid, index) => cpuTime(pid) - (before[index] ?? 0));
    const round = { exchanges, cpu: byProcess.reduce((sum, seconds) => sum + seconds, 0), byProcess, loadCpu, wall };
    this.rounds.push(round);
    return round;
  }

  /** Closes the links, ends the proxy and has it add up what it did. */
  async end() {
    await this.#load.ask('close', this.name);
    await this.proxy.end(this.#exchanges);
  }
}

/**
 * Rounds of all contenders in turn: a machine that others use too changes its pace, for all alike then.
 * @param {readonly Contender[]} contenders
 * @param {{ readonly exchanges: number, readonly rounds: number, readonly warmUp: number }} plan
 * @param {Stage} stage
 * @returns {Promise<readonly Measured[]>} in the order of the contenders
 */
export async function measure(contenders, { exchanges, rounds, warmUp }, stage) {
  /** @type {Map<Work, Load>} */
  const loads = new Map();
  /** @type {Measurement[]} */
  const measurements = [];
  for (const { peer, work } of contenders) {
    const load = loads.get(work) ?? (await Load.start(stage.processes, work));
    loads.set(work, load);
    const measurement = await Measurement.start(peer, load, stage);
    // Not measured: compilers, buffers and windows find their size.
    // Every link has to send: the trace of a link waits some seconds for its first message.
    await measurement.run(Math.max(warmUp, work.links * work.window));
    measurements.push(measurement);
  }
  for (let number = 1; number <= rounds; number += 1) {
    for (const measurement of measurements) {
      const round = await measurement.round(exchanges);
      const { name, work } = measurement;
      stage.tell(
        `round ${number}: ${name}, ${work.links} links: ${cost(round).toFixed(2)} CPU s per 100,000, ${round.wall.toFixed(1)} s`,
      );
    }
  }
  for (const measurement of measurements) await measurement.end();
  for (const { program } of loads.values()) await program.end();
  return measurements.map(({ name, work, rounds: done }) => ({ name, work: describe(work), rounds: done }));
}
