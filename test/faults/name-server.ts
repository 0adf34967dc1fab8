/** A DNS server [RFC 1035] that answers well, late, badly or not at all; and a machine that asks nobody else. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Lab } from './lab.js';

/** What becomes of a question. A response code [§4.1.1] answers so; silent: nothing. */
export type Behaviour = 'answers' | 'late' | 'silent' | 'SERVFAIL' | 'NXDOMAIN';

const CODES: Readonly<Partial<Record<Behaviour, number>>> = { SERVFAIL: 2, NXDOMAIN: 3 };
const TYPE_A = 1;
/** A response, with recursion available. */
const RESPONSE = 0x81_80;

/** Milliseconds by which an answer is late. */
export const LATE = 700;

/** The system asks twice, six seconds each time, then gives up: by then a machine that stood still goes on. */
const RESOLV_CONF = (server: string): string => `nameserver ${server}\noptions timeout:6 attempts:2\n`;

export class NameServer {
  behaviour: Behaviour = 'answers';
  /** Questions that were asked. */
  questions = 0;
  readonly #addresses: Readonly<Record<string, string>>;

  /** For everybody in `lab`. @param addresses IPv4, by name */
  static async start(lab: Lab, addresses: Readonly<Record<string, string>>): Promise<NameServer> {
    const { here } = lab.wires.control;
    const socket = createSocket('udp4');
    socket.bind(53, here);
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
    const folder = mkdtempSync(join(tmpdir(), 'msrptap-names-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    await lay(lab, folder, '/etc/resolv.conf', RESOLV_CONF(here));
    await lay(lab, folder, '/etc/nsswitch.conf', 'hosts: dns\n');
    return new NameServer(socket, addresses);
  }

  private constructor(socket: Socket, addresses: Readonly<Record<string, string>>) {
    this.#addresses = addresses;
    socket.on('message', (question, { address, port }) => {
      this.questions += 1;
      if (this.behaviour === 'silent') return;
      const answer = this.#answerTo(question);
      const send = (): void => socket.send(answer, port, address, () => {});
      if (this.behaviour === 'late') setTimeout(send, LATE).unref();
      else send();
    });
  }

  #answerTo(question: Buffer): Buffer {
    const { name, type, end } = read(question);
    const code = CODES[this.behaviour] ?? 0;
    const address = code === 0 && type === TYPE_A ? this.#addresses[name] : undefined;
    const head = Buffer.alloc(12);
    question.copy(head, 0, 0, 2);
    head.writeUInt16BE(RESPONSE | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(address === undefined ? 0 : 1, 6);
    const asked = question.subarray(12, end);
    if (address === undefined) return Buffer.concat([head, asked]);
    // The name as in the question, A, IN, good for no time at all, four octets.
    const record = Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
    return Buffer.concat([head, asked, record]);
  }
}

/** In the mount namespace of the lab alone. */
async function lay(lab: Lab, folder: string, path: string, text: string): Promise<void> {
  if (!existsSync(path)) return;
  const file = join(folder, path.replaceAll('/', '-'));
  writeFileSync(file, text);
  await lab.run('mount', '--bind', file, path);
}

function read(question: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = question.readUInt8(at); length > 0; length = question.readUInt8(at)) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: question.readUInt16BE(at + 1), end: at + 5 };
}
