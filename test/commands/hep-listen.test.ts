import { hepListen } from '#src/commands/hep-listen.js';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningCli, startCli } from './cli.js';
import { hepPacket } from './hep-encoder.js';
import { fakeTerminal } from './terminal.js';

interface Listening {
  readonly cli: RunningCli;
  readonly port: number;
}

async function listen(where: string, ...more: readonly string[]): Promise<Listening> {
  const cli = startCli('hep-listen', where, ...more);
  const line = await cli.err.first(/^listening for HEP on /);
  return { cli, port: Number(line.split(':').at(-1)) };
}

async function sendUdp(port: number, host: string, ...datagrams: readonly Buffer[]): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const sent = datagrams.map(
    (datagram) =>
      new Promise<void>((resolve, reject) => {
        socket.send(datagram, port, host, (error) => (error === null ? resolve() : reject(error)));
      }),
  );
  await Promise.all(sent);
  socket.close();
}

async function sendTcp(port: number, ...writes: readonly Buffer[]): Promise<void> {
  const socket = createConnection({ host: '127.0.0.1', port });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  socket.on('error', () => {});
  for (const bytes of writes) socket.write(bytes);
}

describe('msrptap hep-listen', () => {
  it('prints packets that come over udp, until SIGINT', async () => {
    const { cli, port } = await listen('udp:127.0.0.1:0');
    await sendUdp(port, '127.0.0.1', hepPacket({ correlationId: 'one', payload: 'first' }));
    expect(await cli.out.first(/first/)).toMatch(
      /^\d\d:\d\d:\d\d\.000042 100 127\.0\.0\.1:50001 → 10\.0\.0\.5:2855 \[one\] /,
    );
    cli.signal('SIGINT');
    expect(await cli.exited).toBe(0);
  });

  it('prints packets that come over tcp, in whatever pieces', async () => {
    const { cli, port } = await listen('tcp:127.0.0.1:0');
    const packets = Buffer.concat([1, 2, 3].map((i) => hepPacket({ payload: `packet ${i}` })));
    await sendTcp(port, packets.subarray(0, 5), packets.subarray(5, 130), packets.subarray(130));
    await cli.out.first(/packet 3/);
    expect(cli.out.all.map((line) => line.slice(-9, -1))).toEqual(['packet 1', 'packet 2', 'packet 3']);
    cli.signal('SIGTERM');
    expect(await cli.exited).toBe(0);
  });

  it('listens on IPv6', async () => {
    const { cli, port } = await listen('udp:[::1]:0', '--json');
    expect(await cli.err.first(/listening/)).toBe(`listening for HEP on udp:[::1]:${port}`);
    const source = '00000000000000000000000000000001';
    await sendUdp(port, '::1', hepPacket({ source, destination: source, payload: 'six' }));
    expect(JSON.parse(await cli.out.first(/six/))).toMatchObject({
      source: '[::1]:50001',
      received_from: expect.stringMatching(/^\[::1\]:/),
    });
  });

  it('says what is malformed, a few times only, and goes on', async () => {
    const { cli, port } = await listen('udp:127.0.0.1:0');
    const bad = Buffer.from('GET / \u001b[2J');
    await sendUdp(port, '127.0.0.1', ...Array.from({ length: 40 }, () => bad), hepPacket({ payload: 'good' }));
    await cli.out.first(/good/);
    cli.signal('SIGINT');
    expect(await cli.exited).toBe(0);
    const refused = cli.err.all.filter((line) => line.includes('not received'));
    expect(refused[0]).toMatch(/WARN  not received from=127\.0\.0\.1:\d+ error=.*HEP3/);
    // Five, and how many more there were.
    expect(refused).toHaveLength(6);
    expect(refused.at(-1)).toMatch(/leftOut=35$/);
  });

  it('lets no octet through that moves a cursor', async () => {
    const payload = Buffer.concat([Buffer.from('\u001b]0;x\u0007\u202e\u009b1A\r'), Buffer.of(0xc3)]);
    const text = await listen('udp:127.0.0.1:0');
    await sendUdp(text.port, '127.0.0.1', hepPacket({ payload }), hepPacket({ payload: payload.subarray(0, -1) }));
    expect(await text.cli.out.first(/"/)).toMatch(/ "\\u\{1b\}\]0;x\\u\{7\}\\u\{202e\}\\u\{9b\}1A\\u\{d\}"$/);
    expect(await text.cli.out.first(/not text/)).toMatch(/ \d+ bytes \(not text\)$/);
    const json = await listen('udp:127.0.0.1:0', '--json');
    await sendUdp(json.port, '127.0.0.1', hepPacket({ payload: payload.subarray(0, -1) }));
    const line = await json.cli.out.first(/payload/);
    expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(JSON.parse(line)).toMatchObject({ payload: payload.toString('utf8', 0, payload.length - 1) });
  });

  it.each(['sctp:127.0.0.1:9060', '9060', 'udp:', 'udp:1.2.3.4.5:9', 'udp:127.0.0.1:70000'])(
    'refuses %s',
    async (where) => {
      await expect(hepListen({ where: [where], json: false }, fakeTerminal())).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(new RegExp(`udp:HOST:PORT.*"${where}"`)),
      });
    },
  );

  it('refuses a second address', async () => {
    const where = ['udp:127.0.0.1:0', 'tcp:127.0.0.1:0'];
    await expect(hepListen({ where, json: false }, fakeTerminal())).rejects.toMatchObject({ code: 'usage' });
  });

  it('says when it cannot listen', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const where = `tcp:127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    await expect(hepListen({ where: [where], json: false }, fakeTerminal())).rejects.toMatchObject({
      code: 'listen_failed',
      message: expect.stringMatching(new RegExp(`${where}: .*EADDRINUSE`)),
    });
  });
});
