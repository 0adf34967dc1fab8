/** Sockets that the service manager keeps open: nobody is refused while one msrptap ends and the next one starts. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatEndpoint, type Endpoint } from '#src/lib/address.js';
import { inheritedFds } from '#src/lib/inherited-sockets.js';
import { dial } from '../helpers/endpoint.js';
import { expectEcho, startEcho } from '../helpers/echo.js';
import { eventually } from '../helpers/eventually.js';
import { SocketHolder } from '../helpers/socket-holder.js';
import { settings, type Setup } from '../helpers/tap.js';

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'msrptap-restart-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

function configuration(setup: Setup): string {
  const file = join(folder(), 'msrptap.yaml');
  writeFileSync(file, JSON.stringify(settings(setup)));
  return file;
}

/** Milliseconds between two connections of one of its four: while nobody accepts, the kernel's queue must not be full. */
const PACE = 16;

/** Milliseconds: two processes with their workers start and drain, on a machine that does a hundred other things. */
const LIMIT = 60_000;

/** Connects all the time, says nothing, and goes. */
class Hammer {
  connected = 0;
  readonly failures: string[] = [];
  #isOver = false;

  constructor(at: Endpoint) {
    const again = (): void => {
      if (this.#isOver) return;
      const socket = connect({ host: at.ip, port: at.port });
      socket.once('connect', () => {
        this.connected += 1;
        socket.end();
      });
      socket.on('error', (error) => this.failures.push(error.message));
      socket.resume();
      setTimeout(again, PACE);
    };
    for (let count = 0; count < 4; count += 1) again();
    onTestFinished(() => this.stop());
  }

  stop(): void {
    this.#isOver = true;
  }

  /** When that many more have got through. */
  async more(count: number): Promise<void> {
    const enough = this.connected + count;
    await eventually(() => this.connected).toBeGreaterThan(enough);
  }
}

test.each([1, 2])(
  'workers: %d: clients connect before, during and after a restart',
  { timeout: LIMIT },
  async (workers) => {
    const holder = await SocketHolder.start('127.0.0.1', '127.0.0.1');
    const [msrp, httpd] = holder.sockets as readonly [Endpoint, Endpoint];
    const listeners = [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: await startEcho() }];
    const file = configuration({ listeners, httpd: { ...httpd }, workers, drain_timeout: 30_000 });
    const first = await holder.run(file);
    expect([first.socket, first.httpd]).toEqual([msrp, httpd]);
    const before = await dial(msrp);
    await expectEcho(before, 'before');
    const ended = before.end.then((end) => {
      before.finish();
      return end;
    });

    const hammer = new Hammer(msrp);
    await hammer.more(20);
    await first.stop();
    // One that stood was ended at a message boundary, not cut.
    expect(await ended).toBe('fin');
    // Nobody is there to accept, and still they connect: the kernel has them wait.
    await hammer.more(20);
    const waiting = await dial(msrp);
    const second = await holder.run(file);
    expect(second.pid).not.toBe(first.pid);
    await expectEcho(waiting, 'in between');
    await expectEcho(await dial(msrp), 'after');
    await hammer.more(20);
    hammer.stop();
    expect(hammer.failures).toEqual([]);
    expect((await second.http('/readyz')).status).toBe(200);
    expect(second.logged('inherited sockets that are neither a listener nor httpd')).toBe(0);
  },
);

test('a socket that nobody wants is told of and left; a listener without one binds its own', async () => {
  const holder = await SocketHolder.start('127.0.0.1', '127.0.0.1');
  const [msrp, stray] = holder.sockets as readonly [Endpoint, Endpoint];
  const upstream = await startEcho();
  const listeners = [
    { socket: `msrp:${formatEndpoint(msrp)}`, upstream },
    { socket: 'msrp:127.0.0.1:0', upstream },
  ];
  const tap = await holder.run(configuration({ listeners }));
  for (const socket of tap.sockets) await expectEcho(await dial(socket), 'through');
  const told = tap.log.find(({ msg }) => msg === 'inherited sockets that are neither a listener nor httpd');
  expect(told).toMatchObject({ level: 'warn', sockets: [formatEndpoint(stray)] });
});

test('workers have none of the sockets, and no word of them', async () => {
  const holder = await SocketHolder.start('127.0.0.1');
  const [msrp] = holder.sockets as readonly [Endpoint];
  const listeners = [{ socket: `msrp:${formatEndpoint(msrp)}`, upstream: await startEcho() }];
  const tap = await holder.run(configuration({ listeners, workers: 2 }));
  const workers = readFileSync(`/proc/${tap.pid}/task/${tap.pid}/children`, 'utf8').trim().split(' ');
  expect(workers).toHaveLength(2);
  for (const worker of workers) {
    expect(readFileSync(`/proc/${worker}/environ`, 'utf8')).not.toMatch(/LISTEN_|NOTIFY_/);
    const sockets = openSockets(worker).filter((socket) => openSockets(String(tap.pid)).includes(socket));
    expect(sockets).toEqual([]);
  }
});

/** `socket:[inode]` of each that a process has open behind stderr, which may be a socket and shared [proc(5)]. */
function openSockets(pid: string): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    if (Number(fd) <= 2) return [];
    const target = targetOf(`/proc/${pid}/fd/${fd}`);
    return target.startsWith('socket:') ? [target] : [];
  });
}

/** '' for one that was closed since it was listed. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

test('the service manager is told when it is ready, reloads and stops', async () => {
  const directory = folder();
  const told = join(directory, 'told');
  writeFileSync(join(directory, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $1" >>'${told}'\n`);
  chmodSync(join(directory, 'systemd-notify'), 0o755);
  const holder = await SocketHolder.start('127.0.0.1');
  const file = configuration({ upstream: await startEcho() });
  const environment = { PATH: `${directory}${delimiter}${process.env['PATH']}`, NOTIFY_SOCKET: '/run/there' };
  const tap = await holder.run(file, environment);
  const lines = (): string => readFileSync(told, { encoding: 'utf8', flag: 'a+' });
  await eventually(lines).toBe('/run/there READY=1\n');
  process.kill(tap.pid, 'SIGHUP');
  const reloaded = '/run/there READY=1\n/run/there RELOADING=1\n/run/there READY=1\n';
  await eventually(lines).toBe(reloaded);
  await tap.stop();
  await eventually(lines).toBe(`${reloaded}/run/there STOPPING=1\n`);
});

describe('which descriptors are meant', () => {
  test.each([
    ['42', '2', [3, 4]],
    ['42', '0', []],
    ['41', '2', []],
    [undefined, '2', []],
    ['42', undefined, []],
    ['42', '-1', []],
    ['42', '2x', []],
    ['42', '9999', []],
  ])('LISTEN_PID=%s LISTEN_FDS=%s', (LISTEN_PID, LISTEN_FDS, expected) => {
    const found = inheritedFds({ LISTEN_PID, LISTEN_FDS }, { pid: 42, ppid: 41 });
    expect(found.map(({ fd }) => fd)).toEqual(expected);
  });
});
