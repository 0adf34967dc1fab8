import { Socket } from 'node:dgram';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { miCommands } from '#src/control/commands.js';
import { commandTable, ok, type CommandTable } from '#src/control/mi-command.js';
import { MiDatagram } from '#src/control/mi-datagram.js';
import type { Endpoint } from '#src/lib/address.js';
import { silentLog } from '#src/lib/log.js';
import { DatagramCaller } from '../helpers/datagram.js';
import { Deferred, fakeControl } from './control.js';

async function start(
  ip = '127.0.0.1',
  commands: CommandTable = miCommands(fakeControl()),
  socketTimeout = 5_000,
): Promise<Endpoint> {
  const datagram = new MiDatagram({ ip, port: 0, socketTimeout, commands, log: silentLog });
  onTestFinished(() => datagram.close());
  return datagram.listen();
}

const CALL = '{"jsonrpc":"2.0","id":"7","method":"msrp_trace"}';
const REPLY = '{"jsonrpc":"2.0","result":{"MSRP tracing":"on"},"id":"7"}';

/** A datagram that no socket of the system's can send: who may write raw packets can. */
async function startWithRaw(): Promise<{ to: Endpoint; raw: (request: string, port: number) => void }> {
  const bind = vi.spyOn(Socket.prototype, 'bind');
  onTestFinished(() => bind.mockRestore());
  const to = await start();
  const socket = bind.mock.contexts[0];
  if (!(socket instanceof Socket)) throw new Error('nothing was bound');
  return {
    to,
    raw: (request, port) => {
      const octets = Buffer.from(request);
      socket.emit('message', octets, { address: '127.0.0.1', family: 'IPv4', port, size: octets.length });
    },
  };
}

describe('a datagram', () => {
  it('from port 0, which no reply can reach, gets none, and those behind it are answered', async () => {
    const { to, raw } = await startWithRaw();
    const caller = await DatagramCaller.start(to);
    raw(CALL, 0);
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it.each(['127.0.0.1', '::1'])('is answered with another, on %s', async (ip) => {
    const caller = await DatagramCaller.start(await start(ip));
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it('that cannot be read gets what OpenSIPS answers', async () => {
    const caller = await DatagramCaller.start(await start());
    for (const unreadable of ['', '{', 'hello', Buffer.of(0xff, 0xfe)]) {
      expect(await caller.call(unreadable)).toBe('400 Parse_error');
    }
  });

  it('that is a notification gets none', async () => {
    const caller = await DatagramCaller.start(await start());
    expect(await caller.unanswered('{"jsonrpc":"2.0","method":"msrp_trace"}')).toBe('');
  });

  it.each([
    '400 Parse_error',
    REPLY,
    '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}',
  ])('that is a reply gets none, or two MIs would answer each other for ever: %s', async (reply) => {
    const caller = await DatagramCaller.start(await start());
    expect(await caller.unanswered(reply)).toBe('');
  });
});

it('a reply that no datagram holds is an error that says so', async () => {
  const table = commandTable([{ names: ['big'], recipes: [{ params: [], run: () => ok('x'.repeat(70_000)) }] }]);
  const caller = await DatagramCaller.start(await start('127.0.0.1', table));
  expect(JSON.parse(await caller.call('{"jsonrpc":"2.0","id":[1],"method":"big"}'))).toMatchObject({
    error: {
      code: -32_000,
      data: expect.stringMatching(/^the reply has 700\d\d octets, and this transport carries 65507$/),
    },
    id: [1],
  });
});

it('a reply that is late is not sent', async () => {
  // Only the clock of the test goes on: no reply but the one that waits for it is late.
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const [asked, gate] = [new Deferred<void>(), new Deferred<void>()];
  const table = commandTable([
    { names: ['wait'], recipes: [{ params: [], run: async () => (asked.resolve(), await gate.promise, ok('late')) }] },
    ...[...miCommands(fakeControl()).values()].slice(0, 1),
  ]);
  const caller = await DatagramCaller.start(await start('127.0.0.1', table, 1_000));
  caller.send('{"jsonrpc":"2.0","id":"slow","method":"wait"}');
  await asked.promise;
  vi.advanceTimersByTime(1_001);
  gate.resolve();
  expect(await caller.call(CALL)).toBe(REPLY);
});

it('a port that is taken is told', async () => {
  const { port } = await start();
  const second = new MiDatagram({ ip: '127.0.0.1', port, socketTimeout: 1, commands: new Map(), log: silentLog });
  await expect(second.listen()).rejects.toMatchObject({
    code: 'listen_failed',
    message: expect.stringContaining('mi_datagram.socket_name: cannot bind udp:127.0.0.1:'),
  });
  second.close();
});
