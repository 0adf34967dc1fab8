/** SIGUSR2: a new process takes over the sockets, and nobody notices. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formatEndpoint, type Endpoint } from '#src/lib/address.js';
import { dial } from '../helpers/endpoint.js';
import { expectEcho, startEcho } from '../helpers/echo.js';
import { eventually } from '../helpers/eventually.js';
import { freeSocket } from '../helpers/free-socket.js';
import { SocketHolder, type HeldTap } from '../helpers/socket-holder.js';
import { settings, type Setup } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Visitors } from '../helpers/visitors.js';
import { Chat } from '../helpers/wire.js';

const HANDED_OVER = 'handed over; links that stand live on';

/** Milliseconds: two processes with their workers start and drain, on a machine that does a hundred other things. */
const LIMIT = 90_000;

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'msrptap-hand-over-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** The process that answers at the MI of a msrptap. */
async function answering(tap: HeldTap): Promise<number> {
  const { Processes } = (await tap.mi('ps')) as { readonly Processes: readonly { readonly PID: number }[] };
  return Processes[0]?.PID ?? 0;
}

async function askByDatagram({ ip, port }: Endpoint): Promise<number> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.send('{"jsonrpc":"2.0","id":1,"method":"ps"}', port, ip);
  const [reply] = (await once(socket, 'message')) as [Buffer];
  const { result } = JSON.parse(reply.toString()) as { readonly result: { readonly Processes: [{ PID: number }] } };
  return result.Processes[0].PID;
}

test.each([1, 2])(
  'workers: %d: clients are served all the time, by the old process, then by the new',
  { timeout: LIMIT },
  async (workers) => {
    const directory = folder();
    const [msrp, httpd, datagram, sip] = [
      await freeSocket(),
      await freeSocket(),
      await freeSocket(),
      await freeSocket(),
    ];
    const file = join(directory, 'msrptap.yaml');
    const setup: Setup = {
      workers,
      listeners: [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: await startEcho() }],
      httpd: { ...httpd },
      mi_fifo: { fifo_name: join(directory, 'fifo'), reply_dir: directory },
      mi_datagram: { socket_name: `udp:${formatEndpoint(datagram)}` },
      hep_input: `udp:${formatEndpoint(sip)}`,
      drain_timeout: 60_000,
    };
    writeFileSync(file, JSON.stringify(settings(setup)));
    const holder = await SocketHolder.start();
    const tap = await holder.run(file);
    const before = await dial(msrp);
    await expectEcho(before, 'before');
    const visitors = new Visitors(msrp);
    await visitors.more(20);

    process.kill(tap.pid, 'SIGUSR2');
    await eventually(() => tap.logged(HANDED_OVER), 30_000).toBe(1);
    // Of another process, through a pipe of its own.
    await eventually(() => tap.logged('ready')).toBe(2);
    await visitors.more(50);
    await expectEcho(before, 'in between');
    const next = await answering(tap);
    expect(next).not.toBe(tap.pid);
    expect(await askByDatagram(datagram)).toBe(next);
    expect((await tap.http('/readyz')).status).toBe(200);
    expect(tap.isRunning).toBe(true);

    before.finish();
    expect(await before.end).toBe('fin');
    await eventually(() => tap.isRunning, 30_000).toBe(false);
    await visitors.more(20);
    await visitors.stop();
    expect(visitors.failures).toEqual([]);
    expect(tap.logged('inherited sockets that are neither a listener nor httpd')).toBe(0);

    // The FIFO is the new one's, and stands.
    writeFileSync(join(directory, 'fifo'), ':msrp_trace:\non\n\n');
    await eventually(() => tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });
    // And that one can be followed by another.
    process.kill(next, 'SIGUSR2');
    await eventually(() => tap.logged(HANDED_OVER), 30_000).toBe(2);
    await expectEcho(await dial(msrp), 'a third');
    expect(await answering(tap)).not.toBe(next);
  },
);

test('a process that does not come up: the old one goes on, and says why', { timeout: LIMIT }, async () => {
  const directory = folder();
  const [msrp, httpd] = [await freeSocket(), await freeSocket()];
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const file = join(directory, 'msrptap.yaml');
  const setup: Setup = {
    listeners: [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: await startEcho() }],
    httpd: { ...httpd },
    mi_fifo: { fifo_name: join(directory, 'fifo'), reply_dir: directory },
  };
  writeFileSync(file, JSON.stringify(settings(setup)));
  const holder = await SocketHolder.start();
  const tap = await holder.run(file);
  const broken: readonly (readonly [text: string, why: string])[] = [
    ['listeners: []', 'listeners: must have at least one'],
    [
      JSON.stringify(settings({ ...setup, httpd: { port: (taken.address() as AddressInfo).port } })),
      'another process has it',
    ],
  ];
  for (const [index, [text, why]] of broken.entries()) {
    writeFileSync(file, text);
    process.kill(tap.pid, 'SIGUSR2');
    await eventually(() => tap.logged('hand-over failed; this process goes on'), 30_000).toBe(index + 1);
    expect(tap.log.findLast(({ msg }) => msg.startsWith('hand-over failed'))?.['error']).toContain(why);
    await expectEcho(await dial(msrp), 'as before');
    expect(await answering(tap)).toBe(tap.pid);
    writeFileSync(join(directory, 'fifo'), `:msrp_trace:\n${index === 0 ? 'on' : 'off'}\n\n`);
    await eventually(() => tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': index === 0 ? 'on' : 'off' });
  }
});

test(
  'links that do not end by themselves are ended after drain_timeout, those that wait for nothing with a FIN',
  { timeout: LIMIT },
  async () => {
    const directory = folder();
    const msrp = await freeSocket();
    const file = join(directory, 'msrptap.yaml');
    const listeners = [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: await startEcho() }];
    writeFileSync(file, JSON.stringify(settings({ listeners, drain_timeout: 300 })));
    const holder = await SocketHolder.start();
    const tap = await holder.run(file);
    const standing = await dial(msrp);
    await expectEcho(standing, 'hello');
    process.kill(tap.pid, 'SIGUSR2');
    expect(await standing.end).toBe('fin');
    standing.finish();
    await eventually(() => tap.isRunning, 30_000).toBe(false);
  },
);

test(
  'the new process has what the old one took out of its environment, and tells the service manager its number',
  { timeout: LIMIT },
  async () => {
    const directory = folder();
    const told = join(directory, 'told');
    writeFileSync(join(directory, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>'${told}'\n`, {
      mode: 0o755,
    });
    const [msrp, httpd] = [await freeSocket(), await freeSocket()];
    const file = join(directory, 'msrptap.yaml');
    const listeners = [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: await startEcho() }];
    writeFileSync(file, JSON.stringify(settings({ listeners, httpd: { ...httpd } })));
    const holder = await SocketHolder.start();
    const tap = await holder.run(file, {
      PATH: `${directory}${delimiter}${process.env['PATH']}`,
      NOTIFY_SOCKET: '/run/there',
      MSRPTAP_TOKEN: 'a-token-of-the-environment',
    });
    const lines = (): string => readFileSync(told, { encoding: 'utf8', flag: 'a+' });
    await eventually(lines).toBe('/run/there READY=1\n');
    process.kill(tap.pid, 'SIGUSR2');
    await eventually(() => tap.isRunning, 30_000).toBe(false);
    await eventually(lines).toMatch(/^\/run\/there READY=1\n\/run\/there READY=1 MAINPID=\d+\n$/);
    expect(lines()).not.toContain(`MAINPID=${tap.pid}\n`);
    expect((await tap.http('/metrics')).status).toBe(401);
    expect((await tap.http('/healthz')).status).toBe(200);
  },
);

test('a reload during a hand-over is not answered as done by a process that goes', { timeout: LIMIT }, async () => {
  const directory = folder();
  const [msrp, httpd] = [await freeSocket(), await freeSocket()];
  const file = join(directory, 'msrptap.yaml');
  const setup: Setup = {
    listeners: [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: await startEcho() }],
    httpd: { ...httpd },
    drain_timeout: 60_000,
  };
  writeFileSync(file, JSON.stringify(settings(setup)));
  const holder = await SocketHolder.start();
  const tap = await holder.run(file);
  const standing = await dial(msrp);
  await expectEcho(standing, 'hello');
  process.kill(tap.pid, 'SIGUSR2');
  await eventually(() => tap.logged('hand-over to a new process')).toBe(1);
  process.kill(tap.pid, 'SIGHUP');
  await eventually(() => tap.logged('configuration not reloaded, the previous one stays in force'), 30_000).toBe(1);
  expect(tap.log.find(({ msg }) => msg.startsWith('configuration not reloaded'))).toMatchObject({
    code: 'reload_refused',
    error: expect.stringContaining('another process has taken over'),
  });
  expect(tap.logged('configuration reloaded')).toBe(0);
  // What the new process writes may come later than what the old one does.
  await eventually(() => tap.logged('ready')).toBe(2);
  standing.finish();
});

test.each([1, 2])(
  'workers: %d: the new process goes on with what MI has switched and told, unless the file has changed it',
  { timeout: LIMIT },
  async (workers) => {
    const [msrp, httpd] = [await freeSocket(), await freeSocket()];
    const file = join(folder(), 'msrptap.yaml');
    const trace = await Trace.start();
    trace.isCorrelated = true;
    const hop = await startEcho();
    const configure = (trace_on: number): void => {
      const listeners = [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: hop }];
      const setup: Setup = { workers, listeners, httpd: { ...httpd }, trace, proto_msrp: { trace_on } };
      writeFileSync(file, JSON.stringify(settings(setup)));
    };
    configure(0);
    const holder = await SocketHolder.start();
    const tap = await holder.run(file);
    await tap.mi('msrp_trace', 'on');
    await tap.mi('msrptap:trace', '192.0.2.7', '600');
    const chat = new Chat();
    await tap.mi('msrptap:correlate', chat.session, 'call@pbx');

    process.kill(tap.pid, 'SIGUSR2');
    await eventually(() => tap.isRunning, 30_000).toBe(false);
    const second = await answering(tap);
    expect(second).not.toBe(tap.pid);
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });
    expect(JSON.stringify(await tap.mi('msrptap:trace'))).toContain('192.0.2.7');
    await eventually(async () => JSON.stringify(await tap.mi('msrptap:correlations'))).toContain('call@pbx');
    const peer = await dial(msrp);
    const text = chat.ask('hello');
    peer.send(text);
    await peer.receive(text.length);
    expect((await trace.message(text)).id).toBe('call@pbx');
    peer.finish();
    await peer.end;

    await tap.mi('msrp_trace', 'off');
    configure(1);
    process.kill(second, 'SIGUSR2');
    await eventually(() => answering(tap), 30_000).not.toBe(second);
    await eventually(() => tap.logged(HANDED_OVER), 30_000).toBe(2);
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });
  },
);
