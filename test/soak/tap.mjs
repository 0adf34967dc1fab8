// @ts-check
/** msrptap in a process of its own, as it ships, and what can be seen of it from outside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** @import { ChildProcess } from 'node:child_process' */

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const KIB_PER_MIB = 1_024;
/** Calls are as far apart as connections are kept for: on one that was, a call may cross its end. */
const ONCE = { Connection: 'close' };
/** Lines of its log that are kept for when it ends. */
const KEPT_LINES = 20;
const LAG = /^nodejs_eventloop_lag_max_seconds(?:\{[^}]*\})? (\S+)$/gm;

/** As in `msrp:127.0.0.1:4000` and `127.0.0.1:4000`. @param {string} socket */
const portOf = (socket) => Number(socket.slice(socket.lastIndexOf(':') + 1));

export class Tap {
  #child;
  /** @type {string[]} */
  #lines = [];
  #port = 0;
  #httpd = 0;

  /** @param {ChildProcess} child */
  constructor(child) {
    this.#child = child;
  }

  /** @param {string} folder for its configuration @param {unknown} config */
  static async start(folder, config) {
    const file = join(folder, 'msrptap.yaml');
    writeFileSync(file, JSON.stringify(config));
    const child = spawn(process.execPath, [CLI, 'run', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    const tap = new Tap(child);
    await tap.#ready();
    return tap;
  }

  get port() {
    return this.#port;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of its log. */
  get lines() {
    return this.#lines;
  }

  async #ready() {
    const lines = createInterface({ input: /** @type {NodeJS.ReadableStream} */ (this.#child.stderr) });
    const ready = new Promise((resolve, reject) => {
      this.#child.once('exit', () => reject(new Error(`msrptap did not start:\n${this.#lines.join('\n')}`)));
      lines.on('line', (line) => {
        this.#lines = [...this.#lines, line].slice(-KEPT_LINES);
        if (line.includes('"msg":"ready"')) resolve(JSON.parse(line));
      });
    });
    const { sockets, httpd } = await ready;
    this.#port = portOf(sockets[0]);
    this.#httpd = portOf(httpd);
  }

  /** An MI call. @param {string} method @param {readonly string[]} params @throws when it is not answered with a result */
  async mi(method, ...params) {
    const response = await fetch(`http://127.0.0.1:${this.#httpd}/mi`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...ONCE },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    const text = await response.text();
    if (!('result' in JSON.parse(text))) throw new Error(`${method}: ${text}`);
  }

  /** Has its configuration read anew. */
  reload() {
    this.#child.kill('SIGHUP');
  }

  /** The longest that an event loop stood still since it was asked last, in ms. */
  async lag() {
    const metrics = await (await fetch(`http://127.0.0.1:${this.#httpd}/metrics`, { headers: ONCE })).text();
    const seconds = [...metrics.matchAll(LAG)].map(([, value]) => Number(value));
    return Math.max(0, ...seconds) * 1_000;
  }

  /** Resident memory in MiB and open descriptors, of all its processes. */
  usage() {
    let memory = 0;
    let descriptors = 0;
    for (const pid of this.#pids()) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      memory += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / KIB_PER_MIB;
      descriptors += readdirSync(`/proc/${pid}/fd`).length;
    }
    return { memory, descriptors };
  }

  #pids() {
    const pid = this.#child.pid ?? 0;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...(workers === '' ? [] : workers.split(/\s+/).map(Number))];
  }

  async stop() {
    if (!this.isRunning) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }
}
