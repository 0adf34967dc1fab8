/** heplify-server, which writes what it receives into PostgreSQL, as Homer 7 has it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../helpers/free-port.js';
import { program } from '../interop/programs.js';
import type { Postgres } from './postgres.js';

/** Of heplify-server.toml. */
export type HeplifySettings = Readonly<Record<string, string | number | boolean>>;

/** Ports that were free may be taken by the time it binds them. */
const ATTEMPTS = 3;

/** What it says once its tables stand and it writes into them. */
const READY = 'postgres connection established';
const PORT_TAKEN = 'address already in use';

export class HeplifyServer {
  /** Of UDP and TCP. */
  readonly port: number;
  readonly tlsPort: number;
  readonly #directory: string;
  #child: ChildProcess | null = null;
  /** The log of the current process. */
  #said: string[] = [];

  private constructor(directory: string, port: number, tlsPort: number) {
    this.#directory = directory;
    this.port = port;
    this.tlsPort = tlsPort;
    process.once('exit', this.#end);
  }

  /** Resolves when it receives and stores. @throws Error with what it said, when it does not start */
  static async start(postgres: Postgres, settings: HeplifySettings = {}): Promise<HeplifyServer> {
    for (let attempt = 1; ; attempt += 1) {
      const directory = mkdtempSync(join(tmpdir(), 'msrptap-heplify-'));
      const server = new HeplifyServer(directory, await freePort(), await freePort());
      writeFileSync(join(directory, CONFIG), server.#toml(postgres, settings));
      try {
        await server.launch();
        return server;
      } catch (error) {
        await server.stop();
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** The certificate of the CA by which it makes one for every server name that it is asked for. */
  get ca(): string {
    return join(this.#directory, 'heplify-server-cert.pem');
  }

  /** After a kill, on the same ports. */
  async launch(): Promise<void> {
    this.#said = [];
    const child = spawn(program('heplify-server'), ['-config', join(this.#directory, CONFIG)], {
      cwd: this.#directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const fail = (why: string): Error => new Error(`heplify-server ${why}: ${this.#said.join('\n')}`);
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject).once('close', () => reject(fail('ended')));
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (this.#said.length < MOST_LINES) this.#said.push(line);
        if (line.includes(PORT_TAKEN)) reject(fail('has no port'));
        else if (line.includes(READY)) resolve();
      });
    });
  }

  /** How often a text stands in its log since the launch. */
  logged(text: string): number {
    return this.#said.filter((line) => line.includes(text)).length;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  /** SIGTERM is what a service manager sends; that it may not survive it for ever is its own affair. */
  async kill(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  async stop(): Promise<void> {
    await this.kill();
    process.off('exit', this.#end);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  readonly #end = (): void => {
    this.#child?.kill('SIGKILL');
  };

  #toml(postgres: Postgres, settings: HeplifySettings): string {
    const all: HeplifySettings = {
      HEPAddr: `127.0.0.1:${this.port}`,
      HEPTCPAddr: `127.0.0.1:${this.port}`,
      HEPTLSAddr: `127.0.0.1:${this.tlsPort}`,
      PromAddr: '',
      DBShema: 'homer7',
      DBDriver: 'postgres',
      DBAddr: `unix:${postgres.directory}`,
      DBUser: 'postgres',
      DBDataTable: DATA,
      // Each row at once, where nothing else is said: nobody has to wait for a batch to be full.
      DBBulk: 1,
      DBTimer: 1,
      // Whole days: a partition has a dozen of indices, all of which it makes before it is ready.
      DBPartLog: '1d',
      DBPartSip: '1d',
      DBPartQos: '1d',
      DBPartIsup: '1d',
      LogStd: true,
      ...settings,
    };
    return Object.entries(all)
      .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
      .join('');
  }
}

/** The database that it makes. */
export const DATA = 'homer_data';

const CONFIG = 'heplify-server.toml';
/** Lines of its log that are kept: it says something of each packet that it cannot read. */
const MOST_LINES = 1_000;
