/** A real Prometheus that scrapes one target, and answers queries. Whatever a test starts here ends with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { formatEndpoint, type Endpoint } from '#src/lib/address.js';
import { freePort } from '../helpers/free-port.js';
import { program } from './programs.js';

/** One series of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The part of the HTTP API's answer that is looked at. */
interface Answer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

const READY_POLL_MS = 50;
const ATTEMPTS = 3;

export interface PrometheusOptions {
  readonly target: Endpoint;
  /** Seconds from one scrape to the next. */
  readonly interval: number;
  /** Files of alert and recording rules. */
  readonly rules?: readonly string[];
}

export class Prometheus {
  readonly url: string;
  readonly #child: ChildProcess;
  #said = '';

  private constructor(port: number, directory: string) {
    this.url = `http://127.0.0.1:${port}`;
    const args = [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    this.#child = spawn(program('prometheus'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  /** Resolves when it answers. @throws Error with what it said, when it does not start */
  static async start(options: PrometheusOptions): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-prometheus-'));
    writeFileSync(join(directory, 'prometheus.yml'), configuration(options));
    for (let attempt = 1; ; attempt += 1) {
      const prometheus = new Prometheus(await freePort(), directory);
      onTestFinished(() => prometheus.#stop());
      if (await prometheus.#isReady()) {
        // Hooks run from the last to the first: its files go when it has ended.
        onTestFinished(async () => {
          await prometheus.#stop();
          rmSync(directory, { recursive: true });
        });
        return prometheus;
      }
      if (attempt === ATTEMPTS) throw new Error(`prometheus does not start: ${prometheus.#said}`);
    }
  }

  /** The value of every series at this moment. @throws Error with the reason, when the query is wrong */
  async query(expression: string): Promise<readonly Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query?${String(new URLSearchParams({ query: expression }))}`);
    const { error, data } = (await response.json()) as Answer;
    if (data === undefined) throw new Error(`${expression}: ${error ?? response.statusText}`);
    return data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** The one value of a query that has one. */
  async value(expression: string): Promise<number> {
    const [sample, ...more] = await this.query(expression);
    if (sample === undefined || more.length > 0) throw new Error(`${expression}: not one series`);
    return sample.value;
  }

  async #isReady(): Promise<boolean> {
    while (this.#child.exitCode === null) {
      const response = await fetch(`${this.url}/-/ready`).catch(() => null);
      if (response?.ok === true) return true;
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
    return false;
  }

  async #stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}

function configuration({ target, interval, rules = [] }: PrometheusOptions): string {
  return JSON.stringify({
    global: { scrape_interval: `${interval}s`, evaluation_interval: `${interval}s` },
    rule_files: rules,
    scrape_configs: [{ job_name: 'msrptap', static_configs: [{ targets: [formatEndpoint(target)] }] }],
  });
}
