/** Requests that nobody means: random octets, half-right JSON-RPC, and what is right but for one octet. */
import { readdirSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Endpoint } from '#src/lib/address.js';
import { DatagramCaller } from './datagram.js';
import { eventually } from './eventually.js';
import { FifoCaller, FifoReader, mkfifo, writeFifo } from './fifo.js';
import type { MiTap, MiTransport } from './mi.js';

/** A generator with a seed, so that what fails can be seen again [Marsaglia, xorshift32]. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed === 0 ? 1 : seed;
  }

  below(end: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % end;
  }

  of<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to choose from');
    return value;
  }
}

const METHODS = [
  'msrp_trace',
  'which',
  'uptime',
  'ps',
  'list_tcp_conns',
  'msrptap:links',
  'msrptap:close',
  'msrptap:trace',
  'msrptap:correlate',
  'msrptap:uncorrelate',
  'msrptap:correlations',
  'get_statistics',
  'nothing',
  '__proto__',
  '',
];
const VALUES = [
  '"on"',
  '"off"',
  '1',
  'null',
  '{}',
  '[]',
  '"\\u0000"',
  '-1',
  '1e999',
  '["all"]',
  '"x"',
  'true',
  '"192.0.2.1"',
];
const NAMES = ['trace_mode', 'command', 'count', 'id', 'target'];
const PARTS = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ':',
  ',',
  '\\',
  '\n',
  ' ',
  '\u0000',
  'é',
  'jsonrpc',
  '"2.0"',
  'method',
  'id',
  '9'.repeat(30),
];

export function noise(random: Random): Buffer {
  switch (random.below(4)) {
    case 0:
      return Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)));
    case 1:
      return Buffer.from(Array.from({ length: random.below(20) }, () => random.of(PARTS)).join(''));
    case 2:
      return Buffer.from(request(random));
    default: {
      const almost = Buffer.from(request(random));
      almost[random.below(almost.length)] = random.below(256);
      return almost;
    }
  }
}

function request(random: Random): string {
  const members = [
    random.below(8) === 0 ? '"jsonrpc":"1.0"' : '"jsonrpc":"2.0"',
    ...(random.below(4) === 0 ? [] : [`"id":${random.of(VALUES)}`]),
    `"method":${JSON.stringify(random.of(METHODS))}`,
    ...(random.below(2) === 0 ? [] : [`"params":${someParams(random)}`]),
  ];
  return `{${members.join(',')}}`;
}

function someParams(random: Random): string {
  const values = Array.from({ length: random.below(4) }, () => random.of(VALUES));
  if (random.below(2) === 0) return `[${values.join(',')}]`;
  return `{${values.map((value) => `"${random.of(NAMES)}":${value}`).join(',')}}`;
}

/** Whether JSON-RPC 2.0 wants an answer to it: to everything but a request that is right and has no id (§4.1). */
function isDue(octets: Uint8Array): boolean {
  const json = parsed(octets);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return true;
  const { jsonrpc, method, params } = json as Readonly<Record<string, unknown>>;
  const isRequest =
    jsonrpc === '2.0' &&
    typeof method === 'string' &&
    (params === undefined || (typeof params === 'object' && params !== null));
  return !isRequest || Object.hasOwn(json, 'id');
}

/** undefined: it is no JSON. */
function parsed(octets: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets));
  } catch {
    return undefined;
  }
}

function expectReply(text: string, octets: Uint8Array): void {
  const reply: unknown = text === '' ? null : JSON.parse(text);
  expect(reply, Buffer.from(octets).toString('latin1')).toMatchObject({ jsonrpc: '2.0' });
  expect(reply).toHaveProperty('id');
}

type Lane = (octets: Buffer) => Promise<void>;

/** Sends one request after the other, and looks at what is answered. */
const LANES: Readonly<Record<MiTransport, (mi: MiTap, name: string) => Promise<Lane>>> = {
  async mi_http({ tap }) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    return async (octets) => {
      const { status, body } = await post(tap.httpd, agent, octets);
      const due = isDue(octets);
      expect(status, octets.toString('latin1')).toBe(!due ? 202 : parsed(octets) === undefined ? 400 : 200);
      if (due) expectReply(body, octets);
      else expect(body).toBe('');
    };
  },
  /** Framing is by lines and braces: what is no object is no JSON request there. One behind it is always answered. */
  async mi_fifo({ fifo, replies }, name) {
    const [reply, behind] = [join(replies, name), new FifoCaller(fifo, replies, `${name}_behind`)];
    mkfifo(reply);
    return async (octets) => {
      const reader = new FifoReader(reply);
      writeFifo(fifo, Buffer.concat([Buffer.from(`:${name}:`), octets, Buffer.from('\n')]));
      const isObject = octets[0] === 0x7b && parsed(octets) !== undefined;
      if (isObject && isDue(octets)) {
        expectReply(await reader.text, octets);
        return;
      }
      await behind.call('{"jsonrpc":"2.0","id":1,"method":"uptime"}');
      if (isObject) expect(reader.received).toBe('');
      reader.close();
    };
  },
  async mi_datagram({ datagram }) {
    const caller = await DatagramCaller.start(datagram);
    return async (octets) => {
      if (isDue(octets)) {
        const reply = await caller.call(octets);
        if (parsed(octets) === undefined) expect(reply).toBe('400 Parse_error');
        else expectReply(reply, octets);
      } else {
        expect(await caller.unanswered(octets)).toBe('');
      }
    };
  },
};

/** How many do it at once: over the FIFO one, for what several write at once is one stream. */
const AT_ONCE: Readonly<Record<MiTransport, number>> = { mi_http: 4, mi_fifo: 1, mi_datagram: 4 };

/** Feeds `count` requests to a transport. Each that is due is answered, and no descriptor is left. */
export async function feedNoise(mi: MiTap, transport: MiTransport, count: number, seed: number): Promise<void> {
  const before = descriptors(mi);
  const lanes = Array.from({ length: AT_ONCE[transport] }, async (_, index) => {
    const random = new Random(seed + index);
    const lane = await LANES[transport](mi, `noise${index}`);
    for (let i = index; i < count; i += AT_ONCE[transport]) await lane(noise(random));
  });
  await Promise.all(lanes);
  expect(mi.tap.isOver).toBe(false);
  expect(await mi.call(transport, 'uptime')).toHaveProperty('result');
  await eventually(() => descriptors(mi)).toBeLessThanOrEqual(before + AT_ONCE[transport]);
  expect(mi.tap.logged('an MI command failed')).toBe(0);
}

function descriptors({ tap }: MiTap): number {
  return readdirSync(`/proc/${tap.pid}/fd`).length;
}

function post({ ip, port }: Endpoint, agent: Agent, body: Buffer): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
    const call = httpRequest({ host: ip, port, path: '/mi', method: 'POST', headers, agent }, (response) => {
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
