/** msrptap itself, put together from a configuration: in this process, or as the command in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';
import { App } from '#src/app.js';
import { parseConfig } from '#src/config.js';
import { parseHostPort, type Endpoint } from '#src/lib/address.js';
import { createLog } from '#src/lib/log.js';
import { readExposition, type Sample } from '../control/exposition-text.js';
import type { Trace } from './trace.js';

/** A configuration as YAML has it: sections by name. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Setup {
  /** Where the only listener's connections go to; or all listeners. */
  readonly upstream?: string;
  readonly listeners?: readonly Settings[];
  readonly to_path?: Settings;
  /** Where it traces to, if it does. */
  readonly trace?: Trace | { readonly port: number };
  /** Sections, laid over those of {@link settings}. */
  readonly proto_msrp?: Settings;
  readonly proto_hep?: Settings;
  readonly tls_mgm?: Settings;
  readonly httpd?: Settings;
  readonly prometheus?: Settings;
  readonly mi_fifo?: Settings;
  readonly mi_datagram?: Settings;
  readonly hep_input?: string | Settings;
  readonly limits?: Settings;
  readonly filters?: string;
  readonly drain_timeout?: number;
  readonly workers?: number;
  readonly log?: Settings;
}

/** The timeouts of a practical configuration; free ports; no trace without a receiver. */
export function settings({
  upstream = 'msrp:127.0.0.1:9',
  trace,
  proto_msrp,
  proto_hep,
  httpd,
  ...others
}: Setup): Settings {
  const traced = { trace_on: 1, trace_destination: 'homer' };
  const hepId = { hep_id: [`[homer]127.0.0.1:${trace?.port ?? 9}`] };
  return {
    listeners: [{ socket: 'msrp:127.0.0.1:0', upstream }],
    proto_msrp: {
      send_timeout: 10_000,
      tls_handshake_timeout: 5_000,
      max_msg_chunks: 64,
      ...(trace === undefined ? {} : traced),
      ...proto_msrp,
    },
    proto_hep: { ...(trace === undefined ? {} : hepId), ...proto_hep },
    httpd: { port: 0, ...httpd },
    ...others,
  };
}

/** How a process is started, where that matters. */
export interface Launch {
  /** A program, with arguments, that runs in its own place what follows them, as nsenter does. */
  readonly through?: readonly string[];
  /** For Node.js. */
  readonly options?: readonly string[];
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** What a test does with a running msrptap, wherever it runs. */
export class Tap {
  /** Where its listeners are, in their order. */
  readonly sockets: readonly Endpoint[];
  readonly httpd: Endpoint;
  readonly log: readonly LogLine[];
  readonly #token: string | undefined;
  readonly #request: typeof request;

  /** @param httpd its section: whether it speaks TLS, and the token that it asks for */
  constructor(sockets: readonly string[], at: string, log: readonly LogLine[], httpd: Settings = {}) {
    const { token, tls_domain } = httpd;
    this.log = log;
    this.#token = typeof token === 'string' ? token : undefined;
    this.#request = tls_domain === undefined ? request : requestOverTls;
    this.sockets = sockets.map((socket) => endpointOf(socket.replace(/^msrps?:/, '')));
    this.httpd = endpointOf(at);
  }

  get socket(): Endpoint {
    const [first] = this.sockets;
    if (first === undefined) throw new Error('it listens nowhere');
    return first;
  }

  /** How often a message stands in the log. */
  logged(message: string): number {
    return this.log.filter(({ msg }) => msg === message).length;
  }

  /** An MI call over HTTP; its result. */
  async mi(method: string, ...params: readonly string[]): Promise<unknown> {
    const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const { status, body } = await this.http('/mi', call);
    expect(status).toBe(200);
    const answer = JSON.parse(body) as { readonly result?: unknown };
    expect(answer).toHaveProperty('result');
    return answer.result;
  }

  /** The sum of all series of that name (without the prefix) that have these labels. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return sumOf(await this.#scrape(), name, labels);
  }

  /** What became of the packets for the destination, by hep_packets_total: of one moment. */
  async hepPackets(): Promise<Readonly<Record<'sent' | 'dropped' | 'failed' | 'maybe', number>>> {
    const samples = await this.#scrape();
    const figure = (result: string): number => sumOf(samples, 'hep_packets_total', { result });
    return { sent: figure('sent'), dropped: figure('dropped'), failed: figure('failed'), maybe: figure('maybe') };
  }

  async #scrape(): Promise<readonly Sample[]> {
    const { body } = await this.http('/metrics');
    return readExposition(body).samples;
  }

  /** A request on a connection of its own. @throws when nobody answers */
  http(path: string, body?: string): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const options = {
        host: this.httpd.ip,
        port: this.httpd.port,
        path,
        agent: false,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` }),
        },
        rejectUnauthorized: false,
      };
      const call = this.#request(options, (response) => {
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}

/** Of all series of a family that have these labels. */
function sumOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = (sample: Sample): boolean =>
    sample.name === `msrptap_${name}` &&
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  const series = samples.filter(wanted);
  expect(series, `series of ${name}`).not.toEqual([]);
  return series.reduce((sum, { value }) => sum + value, 0);
}

/** In this process. When the test ends it is stopped, and none of its observers may have thrown. */
export async function startTap(setup: Setup): Promise<Tap> {
  const log: LogLine[] = [];
  const config = parseConfig(JSON.stringify(settings(setup)), join(tmpdir(), 'msrptap.yaml'));
  const stream = { write: (line: string) => void log.push(JSON.parse(line) as LogLine) };
  const app = await App.start({ config, log: createLog('info', stream) });
  const tap = new Tap(app.sockets, app.httpd, log, setup.httpd);
  onTestFinished(async () => {
    const errors = await tap.metric('observer_errors_total');
    await app.drain(AbortSignal.abort());
    expect(errors).toBe(0);
  });
  return tap;
}

export interface ReloadAnswer {
  readonly result?: { readonly Changed: readonly ChangedKey[] };
  readonly error?: {
    readonly message: string;
    readonly data: { readonly Code: string; readonly Why: string; readonly Changed: readonly ChangedKey[] };
  };
}

interface ChangedKey {
  readonly Key: string;
  readonly Old: unknown;
  readonly New: unknown;
  readonly 'Needs restart'?: true;
}

/** `msrptap run`, as built. When the test ends it is killed. */
export class TapProcess extends Tap {
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #file: string;
  #isOver = false;

  private constructor(child: ChildProcess, file: string, log: readonly LogLine[], ready: LogLine, setup: Setup) {
    super(ready['sockets'] as string[], ready['httpd'] as string, log, setup.httpd);
    this.#child = child;
    this.#file = file;
    this.exited = once(child, 'exit').then(([code]) => {
      this.#isOver = true;
      return typeof code === 'number' ? code : null;
    });
  }

  static async start(setup: Setup, { through = [], options = [], env = {} }: Launch = {}): Promise<TapProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-run-'));
    const file = join(directory, 'msrptap.yaml');
    writeFileSync(file, JSON.stringify(settings(setup)));
    const cli = join(import.meta.dirname, '../../dist/cli.js');
    const poison = join(import.meta.dirname, 'poison.mjs');
    const [program, ...words] = [...through, process.execPath, ...options, '--import', poison, cli, 'run', '-f', file];
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
    onTestFinished(() => {
      child.kill('SIGKILL');
      rmSync(directory, { recursive: true });
    });
    const log: LogLine[] = [];
    const ready = await new Promise<LogLine>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`exit ${code}: ${JSON.stringify(log)}`)));
      createInterface({ input: child.stderr }).on('line', (text) => {
        const line = readLine(text);
        log.push(line);
        if (line.msg === 'ready') resolve(line);
      });
    });
    return new TapProcess(child, file, log, ready, setup);
  }

  /** What its file says from now on; nothing is reloaded yet. */
  configure(setup: Setup): void {
    writeFileSync(this.#file, JSON.stringify(settings(setup)));
  }

  /** As msrptap:reload answers. */
  async reload(): Promise<ReloadAnswer> {
    const call = { jsonrpc: '2.0', id: 1, method: 'msrptap:reload' };
    const { body } = await this.http('/mi', JSON.stringify(call));
    return JSON.parse(body) as ReloadAnswer;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The processes of its workers. */
  workers(): readonly number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return (children.match(/\d+/g) ?? []).map(Number);
  }

  /** Resident memory now, and the most there was, in MiB. */
  memory(): { readonly now: number; readonly most: number } {
    return memoryOf(this.pid);
  }
}

/** Of any process (proc(5)), in MiB. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
  return { now: figure('VmRSS'), most: figure('VmHWM') };
}

function readLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'none', msg: text };
  }
}

/** Reads `ip:port` or `[v6]:port`. */
export function endpointOf(text: string): Endpoint {
  const parsed = parseHostPort(text, 0);
  if (parsed === null) throw new Error(`no socket: ${text}`);
  return { ip: parsed.host, port: parsed.port };
}
