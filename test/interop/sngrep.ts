/** sngrep as a HEP receiver: it writes what it gets into a capture file, as the packets of IPv4 and UDP that it takes it for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { freePort } from '../helpers/free-port.js';
import { program } from './programs.js';

export interface Captured {
  /** `ip:port`. */
  readonly source: string;
  readonly destination: string;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly payload: Buffer;
}

const ATTEMPTS = 3;
const POLL_MS = 25;

/** A packet may wait for a moment in its capture thread. */
const PATIENCE = { timeout: 10_000, interval: POLL_MS };

/** In a capture file of microseconds, written on this machine: before the packets, and before each of them. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** What it puts before a payload: Ethernet, IPv4 without options, UDP. */
const ETHERNET_HEADER = 14;
const IPV4_HEADER = 20;
const UDP_HEADER = 8;

export class Sngrep {
  readonly port: number;
  readonly #file: string;

  private constructor(port: number, file: string) {
    this.port = port;
    this.#file = file;
  }

  /** Resolves when it receives; ends with the test. @throws Error with what it said, when it does not start */
  static async start(): Promise<Sngrep> {
    for (let attempt = 1; ; attempt += 1) {
      const sngrep = await Sngrep.#launch(await freePort());
      if (typeof sngrep !== 'string') return sngrep;
      if (attempt === ATTEMPTS) throw new Error(`sngrep does not start: ${sngrep}`);
    }
  }

  static async #launch(port: number): Promise<Sngrep | string> {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-sngrep-'));
    const file = join(directory, 'received.pcap');
    // -F: no settings of whoever runs this; -N -q: no screen.
    const child = spawn(program('sngrep'), ['-F', '-N', '-q', '-L', `udp:127.0.0.1:${port}`, '-O', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    const closed = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await closed;
      rmSync(directory, { recursive: true });
    });
    while (!listens(port)) {
      if (child.exitCode !== null) return said;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return new Sngrep(port, file);
  }

  /** All so far, in the order of their times, once there are so many or more. */
  async received(count: number): Promise<readonly Captured[]> {
    await expect.poll(() => this.#read().length, PATIENCE).toBeGreaterThanOrEqual(count);
    return this.#read().toSorted((a, b) => a.time - b.time);
  }

  #read(): readonly Captured[] {
    const bytes = readFileSync(this.#file);
    const packets: Captured[] = [];
    for (let at = FILE_HEADER; at + RECORD_HEADER <= bytes.length;) {
      const time = bytes.readUInt32LE(at) * 1_000_000 + bytes.readUInt32LE(at + 4);
      const start = at + RECORD_HEADER;
      at = start + bytes.readUInt32LE(start - 8);
      // The last one may be half written.
      if (at <= bytes.length) packets.push({ time, ...readFrame(bytes.subarray(start, at)) });
    }
    return packets;
  }
}

function readFrame(frame: Buffer): Omit<Captured, 'time'> {
  const ip = frame.subarray(ETHERNET_HEADER);
  const udp = ip.subarray(IPV4_HEADER);
  return {
    source: `${ip.subarray(12, 16).join('.')}:${udp.readUInt16BE(0)}`,
    destination: `${ip.subarray(16, 20).join('.')}:${udp.readUInt16BE(2)}`,
    payload: udp.subarray(UDP_HEADER),
  };
}

/** Whether a UDP socket of 127.0.0.1 has the port (proc_net(5)). */
function listens(port: number): boolean {
  const socket = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/udp', 'latin1').includes(` ${socket} `);
}
