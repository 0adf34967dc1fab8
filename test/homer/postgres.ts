/** A PostgreSQL of its own, in a folder that goes with it: no TCP port, no user but `postgres`, nothing synced to a disk. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { program } from '../interop/programs.js';

const run = promisify(execFile);

/** Part of the socket's name; no port of the machine. */
const PORT = 5_432;

/** heplify-server's lib/pq, given a folder alone, leaves the port out of the socket's name. */
const NAME_WITHOUT_PORT = '.s.PGSQL.';

const SETTINGS = {
  listen_addresses: '',
  port: String(PORT),
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '60',
  // Many tests, little memory.
  shared_buffers: '32MB',
};

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; Debian's package made a user for it. */
function ordinaryUser(): User | null {
  if (process.getuid?.() !== 0) return null;
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
}

export class Postgres {
  /** Where its socket is. */
  readonly directory: string;
  readonly #child: ChildProcess;
  #said = '';
  #isOver = false;

  private constructor(directory: string, user: User | null) {
    this.directory = directory;
    const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#child = spawn(program('postgres'), ['-D', join(directory, 'data'), '-k', directory, ...settings], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      cwd: directory,
      ...user,
    });
    process.once('exit', this.#end);
  }

  /** Resolves when it takes connections. @throws Error with what it said, when it does not start */
  static async start(): Promise<Postgres> {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-postgres-'));
    const user = ordinaryUser();
    if (user !== null) chownSync(directory, user.uid, user.gid);
    const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    await run(program('initdb'), ['-D', join(directory, 'data'), ...options], { cwd: directory, ...user });
    symlinkSync(`.s.PGSQL.${PORT}`, join(directory, NAME_WITHOUT_PORT));
    const postgres = new Postgres(directory, user);
    await postgres.#ready();
    return postgres;
  }

  /** Its rows, as PostgreSQL makes JSON of them. @param variables stand in `sql` as :'name' */
  async rows<Row>(
    database: string,
    sql: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<readonly Row[]> {
    const json = `SELECT coalesce(json_agg(found), '[]') FROM (${sql}) found`;
    return JSON.parse(await this.psql(database, json, variables)) as readonly Row[];
  }

  /** What psql prints for a script. */
  async psql(database: string, script: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    const given = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
    const connection = ['-h', this.directory, '-p', String(PORT), '-U', 'postgres', '-d', database];
    const options = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-'];
    const call = run(program('psql'), [...connection, ...options, ...given], {
      env: { ...process.env, PGCLIENTENCODING: 'UTF8' },
      cwd: this.directory,
      maxBuffer: MOST_OUTPUT,
    });
    call.child.stdin?.end(script);
    return (await call).stdout;
  }

  async stop(): Promise<void> {
    if (!this.#isOver) {
      const closed = once(this.#child, 'close');
      this.#end();
      await closed;
    }
    process.off('exit', this.#end);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** At once, with all of its processes: nobody will ask for its data again. */
  readonly #end = (): void => {
    this.#child.kill('SIGQUIT');
  };

  async #ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#child.once('error', reject).once('close', () => {
        this.#isOver = true;
        reject(new Error(`postgres ended: ${this.#said}`));
      });
      createInterface({ input: this.#child.stderr ?? process.stdin }).on('line', (line) => {
        if (line.includes('ready to accept connections')) resolve();
        // What goes wrong later is told by whoever asks.
        if (!this.#isOver && this.#said.length < MOST_SAID) this.#said += `${line}\n`;
      });
    });
  }
}

/** Octets of rows: some tests read thousands. */
const MOST_OUTPUT = 256 * 1024 * 1024;
/** Characters of its log that an error shows. */
const MOST_SAID = 10_000;
