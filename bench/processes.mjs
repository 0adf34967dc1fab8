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

/** A process that the bench started. */
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

  /** The numbers that it says next over IPC. @returns {Promise<readonly number[]>} */
  answer() {
    return this.#next(this.#child, 'message', (message) => (Array.isArray(message) ? message.map(Number) : null));
  }

  /** The port that it says it listens on. */
  async port() {
    const [port = 0] = await this.answer();
    return port;
  }

  /**
   * One question at a time: what programs/serve.mjs answers.
   * @param {string} word
   * @param {readonly (string | number)[]} args
   */
  ask(word, ...args) {
    const answer = this.answer();
    this.#child.send([word, ...args]);
    return answer;
  }

  /**
   * The first match in what it writes to stderr.
   * @param {RegExp} pattern
   */
  async says(pattern) {
    const { stderr } = this.#child;
    if (stderr === null) throw new Error(`${this.name} has no stderr`);
    const find = () => pattern.exec(this.#stderr);
    return find() ?? this.#next(stderr, 'data', find);
  }

  /** Asks it to end. @returns {Promise<number | null>} its exit status */
  async end() {
    if (this.running) {
      const signal = AbortSignal.timeout(END_TIMEOUT);
      const exit = once(this.#child, 'exit', { signal });
      this.#child.kill('SIGTERM');
      await exit.catch(() => {
        throw this.#failure('does not end');
      });
    }
    return this.#child.exitCode;
  }

  /** At once, with all that it started. */
  kill() {
    if (!this.running || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }

  /**
   * @template T
   * @param {NodeJS.EventEmitter} emitter
   * @param {string} event
   * @param {(value: unknown) => T | null} pick null: it waits for the next one
   * @returns {Promise<T>}
   */
  #next(emitter, event, pick) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        emitter.off(event, onEvent);
        this.#child.off('exit', onExit).off('error', onError);
      };
      const onEvent = (/** @type {unknown} */ value) => {
        const picked = pick(value);
        if (picked === null) return;
        stop();
        resolve(picked);
      };
      const onError = (/** @type {Error} */ error) => {
        stop();
        reject(error);
      };
      const onExit = () => onError(this.#failure('ended'));
      const timer = setTimeout(() => onError(this.#failure('does not answer')), ANSWER_TIMEOUT);
      emitter.on(event, onEvent);
      this.#child.on('exit', onExit).on('error', onError);
      if (!this.running) onExit();
    });
  }

  /** @param {string} what */
  #failure(what) {
    return new Error(`${this.name} ${what}. The last it said: ${this.#stderr.trim() || 'nothing'}`);
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
   * @param {readonly string[]} command and its arguments
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
    const [file = '', ...args] = [...prefix, ...command];
    // In a process group of its own, which can be ended as a whole.
    const child = spawn(file, args, { stdio, env: { ...process.env, ...env }, detached: true });
    // Told by whoever waits for it.
    child.on('error', () => {});
    const program = new Program(name, child);
    this.#programs.push(program);
    return program;
  }
}
