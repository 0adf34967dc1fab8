/**
 * HEP for tests, written from the specification and independent of src/hep: a decoder, receivers in this process, and a
 * receiver in a process of its own, which can be stopped and killed.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { freePort } from './free-port.js';

/** A packet, field by field; addresses as hex of their octets. */
export interface WirePacket {
  family?: number;
  protocol?: number;
  source4?: string;
  destination4?: string;
  source6?: string;
  destination6?: string;
  sourcePort?: number;
  destinationPort?: number;
  seconds?: number;
  microseconds?: number;
  type?: number;
  captureId?: number;
  authKey?: string;
  correlationId?: string;
  nodeName?: string;
  payload: Buffer;
  /** The types in their order. */
  order: number[];
  length: number;
}

/** Reads one packet, strictly: every octet belongs to a TLV of vendor 0 that is known, and none comes twice. */
export function readHep(bytes: Buffer): WirePacket {
  if (bytes.toString('latin1', 0, 4) !== 'HEP3') throw new Error('no HEP3');
  if (bytes.readUInt16BE(4) !== bytes.length) throw new Error(`${bytes.length} octets, not ${bytes.readUInt16BE(4)}`);
  const packet: WirePacket = { payload: Buffer.alloc(0), order: [], length: bytes.length };
  let at = 6;
  while (at < bytes.length) {
    const [vendor, type, length] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2), bytes.readUInt16BE(at + 4)];
    if (vendor !== 0 || length < 6 || at + length > bytes.length) throw new Error(`bad TLV at ${at}`);
    if (packet.order.includes(type)) throw new Error(`type ${type} twice`);
    packet.order.push(type);
    readValue(packet, type, bytes.subarray(at + 6, at + length));
    at += length;
  }
  return packet;
}

function readValue(packet: WirePacket, type: number, value: Buffer): void {
  const octets = (count: number): Buffer => {
    if (value.length !== count) throw new Error(`type ${type} has ${value.length} octets`);
    return value;
  };
  switch (type) {
    case 1:
      packet.family = octets(1).readUInt8();
      break;
    case 2:
      packet.protocol = octets(1).readUInt8();
      break;
    case 3:
      packet.source4 = octets(4).toString('hex');
      break;
    case 4:
      packet.destination4 = octets(4).toString('hex');
      break;
    case 5:
      packet.source6 = octets(16).toString('hex');
      break;
    case 6:
      packet.destination6 = octets(16).toString('hex');
      break;
    case 7:
      packet.sourcePort = octets(2).readUInt16BE();
      break;
    case 8:
      packet.destinationPort = octets(2).readUInt16BE();
      break;
    case 9:
      packet.seconds = octets(4).readUInt32BE();
      break;
    case 10:
      packet.microseconds = octets(4).readUInt32BE();
      break;
    case 11:
      packet.type = octets(1).readUInt8();
      break;
    case 12:
      packet.captureId = octets(4).readUInt32BE();
      break;
    case 14:
      packet.authKey = value.toString('latin1');
      break;
    case 15:
      packet.payload = Buffer.from(value);
      break;
    case 17:
      packet.correlationId = value.toString('latin1');
      break;
    case 19:
      packet.nodeName = value.toString('latin1');
      break;
    default:
      throw new Error(`unknown type ${type}`);
  }
}

/** A receiver in this process. */
export interface Receiver {
  readonly port: number;
  readonly packets: WirePacket[];
  /** Packets of just a header. */
  readonly keepAlives: number;
  /** TCP connections so far. */
  readonly connections: Socket[];
  /** Resolves when so many packets (or more) have arrived. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

class Inbox {
  readonly packets: WirePacket[] = [];
  keepAlives = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  add(bytes: Buffer): void {
    if (bytes.length === 6) {
      this.keepAlives += 1;
      return;
    }
    this.packets.push(readHep(bytes));
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.packets.length < count) return true;
      resolve();
      return false;
    });
  }

  received(count: number): Promise<void> {
    if (this.packets.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
    });
  }
}

/** @param port one that was in use, to come back on it */
export async function receiveTcp(port?: number, host = '127.0.0.1'): Promise<Receiver> {
  return receiveOn(createServer(), 'connection', port ?? (await freePort(host)), host);
}

export async function receiveTls(options: TlsOptions, host = '127.0.0.1'): Promise<Receiver> {
  return receiveOn(createTlsServer(options), 'secureConnection', await freePort(host), host);
}

async function receiveOn(server: Server, event: string, port: number, host: string): Promise<Receiver> {
  const inbox = new Inbox();
  const connections: Socket[] = [];
  server.on('connection', (socket: Socket) => socket.on('error', () => {}));
  server.on(event, (socket: Socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    let rest = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= 6 && rest.length >= rest.readUInt16BE(4)) {
        const length = rest.readUInt16BE(4);
        inbox.add(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: portOf(server),
    packets: inbox.packets,
    get keepAlives() {
      return inbox.keepAlives;
    },
    connections,
    received: (count) => inbox.received(count),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.destroy();
      }),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return address.port;
}

export async function receiveUdp(host = '127.0.0.1'): Promise<Receiver> {
  const inbox = new Inbox();
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (datagram) => inbox.add(datagram));
  socket.bind(await freePort(host), host);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    packets: inbox.packets,
    keepAlives: 0,
    connections: [],
    received: (count) => inbox.received(count),
    close: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

/** What a receiver process has written down; it stays readable when the process was killed. */
export interface Tally {
  readonly packets: number;
  /** The first uint32 of the payload of the first and of the last packet. */
  readonly first: number;
  readonly last: number;
  /** Packets that were broken, or not later than the one before. */
  readonly wrong: number;
}

export class ReceiverProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #file: string;

  private constructor(child: ChildProcess, port: number, directory: string, file: string) {
    this.#child = child;
    this.port = port;
    this.#directory = directory;
    this.#file = file;
  }

  static async start(port?: number): Promise<ReceiverProcess> {
    const directory = mkdtempSync(join(tmpdir(), 'msrptap-hep-'));
    const file = join(directory, 'tally');
    const child = fork(new URL('hep-receiver.mjs', import.meta.url), [file, String(port ?? (await freePort()))], {
      execArgv: [],
    });
    const bound = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve(Number(message)));
      child.once('error', reject);
    });
    return new ReceiverProcess(child, bound, directory, file);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  tally(): Tally {
    const record = Buffer.alloc(16);
    const file = openSync(this.#file, 'r');
    readSync(file, record, 0, record.length, 0);
    closeSync(file);
    return {
      packets: record.readUInt32LE(0),
      first: record.readUInt32LE(4),
      last: record.readUInt32LE(8),
      wrong: record.readUInt32LE(12),
    };
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }
}
