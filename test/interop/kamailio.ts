/** Kamailio. With its sipcapture module, a HEP receiver that somebody else wrote, over UDP and TCP on one port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { formatEndpoint } from '#src/lib/address.js';
import { freePort } from '../helpers/free-port.js';
import { program } from './programs.js';

/** A packet as Kamailio read it. */
export interface CapturedPacket {
  readonly version: number;
  /** 2 IPv4, 10 IPv6. */
  readonly family: number;
  readonly protocol: number;
  /** `ip:port`, `[v6]:port`. */
  readonly source: string;
  readonly destination: string;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly type: number;
  readonly captureId: number;
  readonly authKey: string;
  readonly correlationId: string;
  readonly payload: Buffer;
}

/** A line of kamailio.cfg's event_route. */
interface PacketLine {
  readonly version: number;
  readonly family: number;
  readonly protocol: number;
  readonly source4: string;
  readonly destination4: string;
  readonly source6: string;
  readonly destination6: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seconds: number;
  readonly microseconds: number;
  readonly type: number;
  readonly captureId: number;
  /** These in base64. */
  readonly authKey: string;
  readonly correlationId: string;
  readonly payload: string;
}

/** A port that was free may be taken by the time Kamailio binds it. */
const ATTEMPTS = 3;

export class Kamailio {
  readonly port: number;
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #packets: CapturedPacket[] = [];
  readonly #news = new EventEmitter();
  /** Lines that tell of no packet: what it says when it cannot start, or ends before its time. */
  readonly #said: string[] = [];
  #isOver = false;

  private constructor(port: number, directory: string, child: ChildProcess, lines: Interface) {
    this.port = port;
    this.#directory = directory;
    this.#child = child;
    lines.on('line', (line) => this.#read(line));
    child.once('close', () => {
      this.#isOver = true;
      this.#news.emit('news');
    });
    process.once('exit', this.#end);
  }

  /**
   * Resolves when it receives.
   * @param config a file in the folder kamailio
   * @param defines what its preprocessor is told, as `NAME="value"`
   * @throws Error with what it said, when it does not start
   */
  static async start(config = 'kamailio.cfg', defines: readonly string[] = []): Promise<Kamailio> {
    for (let attempt = 1; ; attempt += 1) {
      const kamailio = Kamailio.#launch(await freePort(), config, defines);
      if (await kamailio.#isReady()) return kamailio;
      await kamailio.stop();
      if (attempt === ATTEMPTS) throw new Error(`kamailio does not start: ${kamailio.#said.join('\n')}`);
    }
  }

  static #launch(port: number, file: string, defines: readonly string[]): Kamailio {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-kamailio-'));
    const config = ['-f', join(import.meta.dirname, 'kamailio', file)];
    const sockets = ['udp', 'tcp'].flatMap((proto) => ['-l', `${proto}:127.0.0.1:${port}`]);
    const files = ['-Y', directory, '-w', directory, '-P', join(directory, 'pid')];
    const defined = [`DB_URL="text://${directory}"`, ...defines].flatMap((define) => ['-A', define]);
    // In the foreground, logging to stderr, with little memory: MiB, shared and of each process.
    const options = ['-DD', '-E', '-m', '32', '-M', '8'];
    const child = spawn(program('kamailio'), [...config, ...sockets, ...files, ...defined, ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Kamailio(port, directory, child, createInterface({ input: child.stderr }));
  }

  /** The packets of one capture id, in the order in which they came, once there are so many or more. */
  async received(captureId: number, count: number): Promise<readonly CapturedPacket[]> {
    for (;;) {
      const found = this.#packets.filter((packet) => packet.captureId === captureId);
      if (found.length >= count) return found;
      if (this.#isOver) throw new Error(`kamailio ended: ${this.#said.join('\n')}`);
      await once(this.#news, 'news');
    }
  }

  async stop(): Promise<void> {
    if (!this.#isOver) {
      const closed = once(this.#child, 'close');
      this.#end();
      await closed;
    }
    process.off('exit', this.#end);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Its first process ends the others. */
  readonly #end = (): void => {
    this.#child.kill('SIGTERM');
  };

  async #isReady(): Promise<boolean> {
    while (!this.#isOver) {
      if (this.#said.some((line) => line.endsWith(' ready'))) return true;
      await once(this.#news, 'news');
    }
    return false;
  }

  #read(line: string): void {
    const json = / packet (\{.*\})$/.exec(line)?.[1];
    if (json === undefined) this.#said.push(line);
    else this.#packets.push(packetOf(JSON.parse(json) as PacketLine));
    this.#news.emit('news');
  }
}

function packetOf(line: PacketLine): CapturedPacket {
  const { source4, source6, destination4, destination6, sourcePort, destinationPort, seconds, microseconds } = line;
  const { version, family, protocol, type, captureId } = line;
  return {
    version,
    family,
    protocol,
    source: formatEndpoint({ ip: `${source4}${source6}`, port: sourcePort }),
    destination: formatEndpoint({ ip: `${destination4}${destination6}`, port: destinationPort }),
    time: seconds * 1_000_000 + microseconds,
    type,
    captureId,
    authKey: Buffer.from(line.authKey, 'base64').toString('latin1'),
    correlationId: Buffer.from(line.correlationId, 'base64').toString('latin1'),
    payload: Buffer.from(line.payload, 'base64'),
  };
}
