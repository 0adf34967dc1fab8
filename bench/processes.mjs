/** The processes of a bench: pinned, asked, and ended whatever happens. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { allowedCpus } from './cpu.mjs';

/** @import { ChildProcess, StdioOptions } from 'node:child_process' */

/** Milliseconds for an answer. The longest is a full round, which takes seconds. */
const ANSWER_TIMEOUT = 120_000;
/** Milliseconds that a process gets to end when asked to. */
const END_TIMEOUT = 10_000;
/** Characters of a process's stderr that are kept for error messages. */
const KEPT = 4_096;

/** Of a process that the bench started. */
export class Program {
  /** @readonly */ name;
  #child;
  #stderr = '';

  /** @param {string} name @param {ChildProcess} child */
  constructor(name, child) {
    this.name = name;
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT);
    });
  }

  get pid() {
    if (this.#child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.#child.pid;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * What it says next over IPC.
   * @returns {Promise<Readonly<Record<string, any>>>}
   */
  async answer() {
    const message = await this.#next(this.#child, 'message', () => true);
    return /** @type {Readonly<Record<string, any>>} */ (message);
  }

  /** @param {object} question @returns its answer: one question at a time */
  ask(question) {
    const answer = this.answer();
    this.#child.send(question);
    return answer;
  }

  /**
   * The first match in what it writes to stderr.
   * @param {RegExp} pattern
   */
  async says(pattern) {
    const { stderr } = this.#child;
    if (stderr === null) throw new Error(`${this.name} has no stderr`);
    if (!pattern.test(this.#stderr)) await this.#next(stderr, 'data', () => pattern.test(this.#stderr));
    return /** @type {RegExpExecArray} */ (pattern.exec(this.#stderr));
  }

  /** Asks it to end. @returns {Promise<number | null>} its exit status */
  async end() {
    if (this.running) {
      const signal = AbortSignal.timeout(END_TIMEOUT);
      const exit = once(this.#child, 'exit', { signal });
      this.#child.kill('SIGTERM');
      await exit.catch(() => {
        throw new Error(this.#complaint('does not end'));
      });
    }
    return this.#child.exitCode;
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  /**
   * @param {NodeJS.EventEmitter} emitter
   * @param {string} event
   * @param {() => boolean} isMeant
   * @returns {Promise<unknown>} what the event brought
   */
  #next(emitter, event, isMeant) {
    return new Promise((resolve, reject) => {
      /** @param {Error | null} error @param {unknown} [value] */
      const settle = (error, value) => {
        clearTimeout(timer);
        emitter.off(event, onEvent);
        this.#child.off('exit', onExit).off('error', settle);
        if (error === null) resolve(value);
        else reject(error);
      };
      const onEvent = (/** @type {unknown} */ value) => isMeant() && settle(null, value);
      const onExit = () => settle(new Error(this.#complaint('ended')));
      const timer = setTimeout(() => settle(new Error(this.#complaint('does not answer'))), ANSWER_TIMEOUT);
      emitter.on(event, onEvent);
      this.#child.on('exit', onExit).on('error', settle);
    });
  }

  /** @param {string} what */
  #complaint(what) {
    return `${this.name} ${what}. The last it said: ${this.#stderr.trim() || 'nothing'}`;
  }
}

/**
 * Two places to run, so that what is measured and what loads it do not compete for a processor: the last one for the
 * proxy, the others for the load. Null: there is one processor only, or no taskset.
 * @returns {{ readonly proxy: string, readonly load: string } | null}
 */
function places() {
  const cpus = allowedCpus();
  if (cpus.length < 2 || spawnSync('taskset', ['--version']).status !== 0) return null;
  return { proxy: String(cpus.at(-1)), load: cpus.slice(0, -1).join(',') };
}

export class Processes {
  /** @type {Program[]} */
  #programs = [];
  /** @readonly */ places = places();

  /**
   * @param {string} name for messages
   * @param {'proxy' | 'load'} place
   * @param {readonly [string, ...string[]]} command and its arguments
   * @param {NodeJS.ProcessEnv} [env] added to this process's
   */
  start(name, place, command, env = {}) {
    return this.#spawn(name, place, command, ['ignore', 'ignore', 'pipe'], env);
  }

  /**
   * A Node program of this folder that speaks over IPC.
   * @param {string} name
   * @param {'proxy' | 'load'} place
   * @param {string} file in programs/
   * @param {readonly string[]} [args]
   */
  startNode(name, place, file, args = []) {
    const path = fileURLToPath(new URL(`programs/${file}`, import.meta.url));
    return this.#spawn(name, place, [process.execPath, path, ...args], ['ignore', 'ignore', 'pipe', 'ipc'], {});
  }

  /** At once, without asking. */
  kill() {
    for (const program of this.#programs) program.kill();
  }

  /**
   * @param {string} name
   * @param {'proxy' | 'load'} place
   * @param {readonly string[]} command
   * @param {StdioOptions} stdio
   * @param {NodeJS.ProcessEnv} env
   */
  #spawn(name, place, command, stdio, env) {
    const prefix = this.places === null ? [] : ['taskset', '-c', this.places[place]];
    const [file, ...args] = /** @type {[string, ...string[]]} */ ([...prefix, ...command]);
    const child = spawn(file, args, { stdio, env: { ...process.env, ...env } });
    // Told by whoever waits for it.
    child.on('error', () => {});
    const program = new Program(name, child);
    this.#programs.push(program);
    return program;
  }
}
