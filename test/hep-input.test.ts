import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HepInputConfig } from '#src/config.js';
import { HepInput, type InputCounts } from '#src/hep-input.js';
import type { Endpoint } from '#src/lib/address.js';
import { silentLog } from '#src/lib/log.js';
import { hepPacket } from './commands/hep-encoder.js';
import { eventually } from './helpers/eventually.js';
import { answer, invite } from './helpers/sip.js';

interface Input {
  readonly input: HepInput;
  readonly at: Endpoint;
  readonly learnt: (readonly [session: string, call: string])[];
}

async function start(config: Partial<HepInputConfig> = {}): Promise<Input> {
  const learnt: [string, string][] = [];
  const input = new HepInput(
    { transport: 'udp', ip: '127.0.0.1', port: 0, from: null, auth_key: null, ...config },
    (session, call) => void learnt.push([session, call]),
    silentLog,
  );
  const at = await input.listen();
  onTestFinished(() => input.close());
  return { input, at, learnt };
}

const sip = (payload: string, authKey?: string): Buffer =>
  hepPacket({ type: 1, payload, ...(authKey === undefined ? {} : { authKey }) });
const INVITE = sip(invite({ callId: 'call-1', sessions: 's1' }));
const ANSWER = sip(answer({ callId: 'call-1', sessions: 's2' }));

async function sender(
  at: Endpoint,
): Promise<{ readonly socket: Socket; readonly send: (packet: Buffer) => Promise<void> }> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.connect(at.port, at.ip);
  await once(socket, 'connect');
  return {
    socket,
    send: (packet) =>
      new Promise((resolve, reject) => {
        socket.send(packet, (error) => (error === null ? resolve() : reject(error)));
      }),
  };
}

const none: InputCounts = { learnt: 0, passed: 0, refused: 0, malformed: 0, dropped: 0 };

test('offer and answer, over UDP', async () => {
  const { input, at, learnt } = await start();
  const { send } = await sender(at);
  for (const packet of [INVITE, ANSWER]) await send(packet);
  await eventually(() => input.counts).toEqual({ ...none, learnt: 2 });
  expect(learnt).toEqual([
    ['s1', 'call-1'],
    ['s2', 'call-1'],
  ]);
});

test('over TCP, in any pieces', async () => {
  const { input, at, learnt } = await start({ transport: 'tcp' });
  const socket = connect(at.port, at.ip);
  onTestFinished(() => void socket.destroy());
  const bytes = Buffer.concat([INVITE, Buffer.from('HEP3\0\x06', 'latin1'), ANSWER]);
  for (const octet of bytes) socket.write(Buffer.of(octet));
  await eventually(() => input.counts).toEqual({ ...none, learnt: 2 });
  expect(learnt.map(([session]) => session)).toEqual(['s1', 's2']);
});

test('what is no SIP with MSRP is passed over, and what is broken is counted', async () => {
  const { input, at, learnt } = await start();
  const { send } = await sender(at);
  const others = [
    hepPacket({ type: 100, payload: invite({ callId: 'c', sessions: 's' }) }),
    sip('OPTIONS sip:a SIP/2.0\r\nCall-ID: c\r\n\r\n'),
    sip(''),
  ];
  const broken = [
    Buffer.from('hello'),
    Buffer.alloc(0),
    INVITE.subarray(0, 100),
    sip('no SIP a=path:msrp://a:1/s;tcp'),
  ];
  for (const packet of [...others, ...broken]) await send(packet);
  await send(INVITE);
  await eventually(() => input.counts).toEqual({ ...none, passed: 3, malformed: 4, learnt: 1 });
  expect(learnt).toHaveLength(1);
});

describe('who may send', () => {
  test('those of from, on each transport', async () => {
    const elsewhere = { from: [{ ip: '192.0.2.0', prefix: 24 }] };
    const udp = await start(elsewhere);
    const { send } = await sender(udp.at);
    await send(INVITE);
    await eventually(() => udp.input.counts).toEqual({ ...none, refused: 1 });
    const tcp = await start({ ...elsewhere, transport: 'tcp' });
    const socket = connect(tcp.at.port, tcp.at.ip);
    socket.on('error', () => {});
    socket.write(INVITE);
    await once(socket, 'close');
    expect(tcp.input.counts).toEqual({ ...none, refused: 1 });
    expect([...udp.learnt, ...tcp.learnt]).toEqual([]);
  });

  test('and who knows the key, where there is one', async () => {
    const { input, at, learnt } = await start({ auth_key: 'secret', from: [{ ip: '127.0.0.0', prefix: 8 }] });
    const { send } = await sender(at);
    const keys = [undefined, '', 'secre', 'secret '];
    for (const key of keys) await send(sip(invite({ callId: 'c', sessions: 's' }), key));
    await send(sip(invite({ callId: 'right', sessions: 's' }), 'secret'));
    await eventually(() => input.counts).toEqual({ ...none, refused: 4, learnt: 1 });
    expect(learnt).toEqual([['s', 'right']]);
  });
});

test('a flood is read as far as is allowed, and the rest is dropped', async () => {
  const { input } = await start();
  const startedAt = performance.now();
  for (let index = 0; index < 60_000; index += 1) input.receive(INVITE);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { learnt, dropped } = input.counts;
  expect(learnt + dropped).toBe(60_000);
  const mostASecond = (8 * 1_024 * 1_024) / (INVITE.length + 1_024);
  expect(learnt).toBeLessThanOrEqual(Math.ceil(mostASecond * (1 + seconds)) + 1);
  expect(learnt).toBeGreaterThanOrEqual(Math.floor(mostASecond));
});

test('a socket that is taken is told of with its key', async () => {
  const { at } = await start();
  const other = new HepInput({ transport: 'udp', ...at, from: null, auth_key: null }, () => {}, silentLog);
  await expect(other.listen()).rejects.toMatchObject({
    code: 'listen_failed',
    message: expect.stringContaining(`hep_input: cannot bind udp:127.0.0.1:${at.port}`),
  });
});
