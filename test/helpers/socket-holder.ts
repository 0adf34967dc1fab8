/** What systemd does with a .socket unit: a process that keeps listening sockets open, and starts others that accept on them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import { eventually } from './eventually.js';
import { Tap, type LogLine } from './tap.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
/** Milliseconds for a start on a machine that does a hundred other things. */
const START_LIMIT = 15_000;

/** Runs each line of its stdin; what it starts inherits the sockets, from descriptor 3 on. */
const HOLDER = 'while read -r line; do (eval "$line") & done';
/** The number of the process stands in LISTEN_PID, which only the process itself can know in time. */
const START = `echo "{\\"msg\\":\\"pid\\",\\"pid\\":$$}" >&2; export LISTEN_PID=$$; exec "$0" "$@"`;

export class SocketHolder {
  /** In the order of the descriptors. */
  readonly sockets: readonly Endpoint[];
  readonly log: LogLine[] = [];
  readonly #holder: ChildProcess;

  /** @param ips of the sockets, on free ports */
  static async start(...ips: readonly string[]): Promise<SocketHolder> {
    const servers = await Promise.all(ips.map(listening));
    const sockets = servers.map((server) => server.address() as { address: string; port: number });
    const fds = servers.map((server) => Reflect.get(Reflect.get(server, '_handle') as object, 'fd') as number);
    const holder = spawn('sh', ['-c', HOLDER], { stdio: ['pipe', 'ignore', 'pipe', ...fds], detached: true });
    await once(holder, 'spawn');
    for (const server of servers) server.close();
    return new SocketHolder(
      holder,
      sockets.map(({ address, port }) => ({ ip: address, port })),
    );
  }

  private constructor(holder: ChildProcess, sockets: readonly Endpoint[]) {
    this.#holder = holder;
    this.sockets = sockets;
    const { stderr } = holder;
    if (stderr === null) throw new Error('it has no stderr');
    createInterface({ input: stderr }).on('line', (line) => {
      this.log.push(line.startsWith('{') ? (JSON.parse(line) as LogLine) : { level: 'none', msg: line });
    });
    onTestFinished(() => {
      // The group: what it started ends with it.
      if (holder.pid !== undefined) process.kill(-holder.pid, 'SIGKILL');
    });
  }

  /** Starts a msrptap on the sockets; ready when this is over. */
  async run(file: string, environment: Readonly<Record<string, string>> = {}): Promise<HeldTap> {
    const before = this.log.length;
    const variables = { LISTEN_FDS: String(this.sockets.length), ...environment };
    const assigned = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
    const words = ['sh', '-c', START, process.execPath, CLI, 'run', '-f', file].map((word) => `'${word}'`);
    this.#holder.stdin?.write(`${assigned.join(' ')} ${words.join(' ')}\n`);
    const since = (message: string): LogLine | undefined => this.log.slice(before).find(({ msg }) => msg === message);
    await eventually(() => since('ready'), START_LIMIT).toBeDefined();
    const [ready, pid] = [since('ready'), Number(since('pid')?.['pid'])];
    return new HeldTap(ready?.['sockets'] as string[], String(ready?.['httpd']), this.log, pid);
  }
}

/** A msrptap that the holder started. */
export class HeldTap extends Tap {
  readonly pid: number;

  constructor(sockets: readonly string[], httpd: string, log: readonly LogLine[], pid: number) {
    super(sockets, httpd, log);
    this.pid = pid;
  }

  get isRunning(): boolean {
    try {
      return process.kill(this.pid, 0);
    } catch {
      return false;
    }
  }

  async stop(): Promise<void> {
    process.kill(this.pid, 'SIGTERM');
    await eventually(() => this.isRunning).toBe(false);
  }
}

async function listening(ip: string): Promise<Server> {
  const server = createServer();
  // Who comes while nobody accepts has to find room.
  server.listen({ host: ip, port: 0, backlog: 4_096 });
  await once(server, 'listening');
  return server;
}
