import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commandTable, ok, type CommandTable } from '#src/control/mi-command.js';
import { miCommands } from '#src/control/commands.js';
import { MiFifo, type MiFifoOptions } from '#src/control/mi-fifo.js';
import { createLog } from '#src/lib/log.js';
import { eventually } from '../helpers/eventually.js';
import { FifoCaller, FifoReader, mkfifo, scratchFolder, writeFifo, writeLongFifo } from '../helpers/fifo.js';
import { Deferred, fakeControl } from './control.js';

interface Running {
  readonly fifo: MiFifo;
  readonly path: string;
  readonly replies: string;
  readonly caller: FifoCaller;
  readonly logged: readonly { readonly msg: string; readonly [key: string]: unknown }[];
}

const defaults = (path: string, replyDir: string): Omit<MiFifoOptions, 'log' | 'commands'> => ({
  path,
  replyDir,
  mode: '0600',
  user: null,
  group: null,
});

async function start(
  changes: Partial<MiFifoOptions> = {},
  commands: CommandTable = miCommands(fakeControl()),
): Promise<Running> {
  const directory = scratchFolder();
  const [path, replies] = [changes.path ?? join(directory, 'commands'), directory];
  const logged: Running['logged'][number][] = [];
  const log = createLog('info', { write: (line) => void logged.push(JSON.parse(line) as Running['logged'][number]) });
  const fifo = new MiFifo({ ...defaults(path, replies), log, commands, ...changes });
  await fifo.listen();
  onTestFinished(() => fifo.close());
  return { fifo, path, replies, caller: new FifoCaller(path, replies), logged };
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

const CALL = '{"jsonrpc":"2.0","id":"7","method":"msrp_trace"}';
const REPLY = '{"jsonrpc":"2.0","result":{"MSRP tracing":"on"},"id":"7"}';

describe('requests', () => {
  it('are answered in both forms', async () => {
    const { caller } = await start();
    expect(await caller.call(CALL)).toBe(REPLY);
    expect(await caller.call(`${CALL}\n`)).toBe(REPLY);
    expect(await caller.text('msrp_trace')).toBe('200 OK\nMSRP tracing:: on\n\n');
    expect(await caller.text('msrp_trace', 'off')).toBe('200 OK\n\n');
    expect(await caller.text('msrp_trace')).toBe('200 OK\nMSRP tracing:: off\n\n');
  });

  it('may come in pieces, and several in one', async () => {
    const { path, replies } = await start();
    for (const name of ['a', 'b', 'c']) mkfifo(join(replies, name));
    const readers = ['a', 'b', 'c'].map((name) => new FifoReader(join(replies, name)));
    writeFifo(path, ':a:{"jsonrpc":"2.0",', '"id":"7","method":"msrp_tr', `ace"}\n:b:${CALL}:msrp_trace:c\n`, '\n');
    expect(await Promise.all(readers.map(({ text }) => text))).toEqual([REPLY, REPLY, '200 OK\nMSRP tracing:: on\n\n']);
  });

  it('of a writer that dies in the middle are told of, and nothing else suffers', async () => {
    const { path, replies, caller } = await start();
    mkfifo(join(replies, 'dead'));
    const first = new FifoReader(join(replies, 'dead'));
    writeFifo(path, ':dead:{"jsonrpc":"2.0","id":"7","met');
    expect(await first.text).toContain('"code":-32700');
    const second = new FifoReader(join(replies, 'dead'));
    writeFifo(path, ':msrp_trace:dead\nof');
    expect(await second.text).toBe('400 an empty line has to end the request\n\n');
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it('whose rest does not come are given up while their writer holds the FIFO open', async () => {
    const { path, replies, caller } = await start({ limits: { rest: 50 } });
    mkfifo(join(replies, 'slow'));
    const reader = new FifoReader(join(replies, 'slow'));
    // Another writer, so that the reader sees no end.
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(fd));
    writeSync(fd, ':slow:{"jsonrpc"');
    expect(await reader.text).toContain('"code":-32700');
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it('that are too long are refused, and what is no request is told in the log', async () => {
    const { caller, path, replies, logged } = await start();
    mkfifo(join(replies, 'long'));
    const reader = new FifoReader(join(replies, 'long'));
    await writeLongFifo(path, `:long:{"a":"${'x'.repeat(100_000)}"}\n`);
    expect(await reader.text).toBe(
      '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request","data":"longer than 65536 octets"},"id":null}',
    );
    writeFifo(path, 'hello\n');
    await eventually(() => logged.at(-1)?.msg).toBe('what was written to the MI FIFO is no command');
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it('are run one after the other, and bounded: writers wait', async () => {
    const gate = new Deferred<void>();
    let runs = 0;
    const slow = commandTable([
      { names: ['wait'], recipes: [{ params: [], run: async () => ((runs += 1), await gate.promise, ok(runs)) }] },
    ]);
    const { path } = await start({ limits: { requests: 2 } }, slow);
    const request = '::{"jsonrpc":"2.0","id":1,"method":"wait"}\n';
    // The pipe is full once nothing is read any more: a writer that does not wait is told so.
    const fill = (): string => {
      try {
        for (;;) writeFifo(path, request.repeat(20));
      } catch (error) {
        return `${(error as NodeJS.ErrnoException).code}, ${runs} run`;
      }
    };
    await eventually(fill).toBe('EAGAIN, 1 run');
    gate.resolve();
    await eventually(() => runs).toBeGreaterThan(100);
  });
});

describe('replies', () => {
  it.each([
    ['../reply', 'its name is none of a file directly in reply_dir'],
    ['a/b', 'its name is none of a file directly in reply_dir'],
    ['..', 'its name is none of a file directly in reply_dir'],
    ['x'.repeat(256), 'its name is none of a file directly in reply_dir'],
    ['missing', 'ENOENT'],
    ['file', 'it is no FIFO'],
    ['symlink', 'it is no FIFO'],
    ['hardlink', 'it is a FIFO with another name elsewhere'],
    ['commands', 'it is the FIFO for commands'],
    ['.', 'its name is none of a file directly in reply_dir'],
  ])('go to no %s', async (name, why) => {
    const { path, replies, caller, logged } = await start();
    writeFileSync(join(replies, 'file'), 'mine');
    mkfifo(join(replies, 'other'));
    symlinkSync(join(replies, 'other'), join(replies, 'symlink'));
    linkSync(join(replies, 'other'), join(replies, 'hardlink'));
    writeFifo(path, `:${name}:${CALL}\n`);
    await eventually(() => logged.at(-1)).toMatchObject({
      msg: 'an MI reply was not taken',
      reply: name,
      error: expect.stringContaining(why),
    });
    expect(readFileSync(join(replies, 'file'), 'utf8')).toBe('mine');
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it('wait a while for a reader who comes late', async () => {
    const { path, replies, caller } = await start();
    mkfifo(join(replies, 'late'));
    writeFifo(path, `:late:${CALL}\n`);
    // Others are answered meanwhile.
    expect(await caller.call(CALL)).toBe(REPLY);
    expect(await new FifoReader(join(replies, 'late')).text).toBe(REPLY);
  });

  it('that nobody takes cost a place for a time, and no descriptor', async () => {
    const big = commandTable([{ names: ['big'], recipes: [{ params: [], run: () => ok('x'.repeat(200_000)) }] }]);
    const { path, replies, logged } = await start({ limits: { time: 100, waiting: 8 } }, big);
    // One whose reader has it open and never reads: a pipe takes 64 KiB.
    mkfifo(join(replies, 'deaf'));
    const deaf = openSync(join(replies, 'deaf'), constants.O_RDONLY | constants.O_NONBLOCK);
    onTestFinished(() => closeSync(deaf));
    mkfifo(join(replies, 'nobody'));
    const before = descriptors();
    for (let i = 0; i < 20; i += 1) {
      writeFifo(
        path,
        `:nobody:{"jsonrpc":"2.0","id":1,"method":"big"}\n:deaf:{"jsonrpc":"2.0","id":1,"method":"big"}\n`,
      );
    }
    await eventually(() => logged.length).toBeGreaterThanOrEqual(2);
    await eventually(descriptors).toBeLessThanOrEqual(before);
    const reasons = logged.map(({ error }) => error);
    expect(reasons).toContain('too many replies wait');
  });
});

describe('the file', () => {
  it.each(['0600', '0660', '622'])('has the mode %s, whatever the umask, and goes when it closes', async (mode) => {
    const { fifo, path } = await start({ mode });
    expect(statSync(path).mode & 0o777).toBe(Number.parseInt(mode, 8));
    fifo.close();
    expect(existsSync(path)).toBe(false);
  });

  it('is taken over when it was left behind', async () => {
    const directory = scratchFolder();
    const path = join(directory, 'left');
    mkfifo(path);
    const { ino } = lstatSync(path);
    const { caller } = await start({ path }).then((running) => ({
      caller: new FifoCaller(path, running.replies, 'r'),
    }));
    expect(await caller.call(CALL)).toBe(REPLY);
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(ino).toBeGreaterThan(0);
  });

  const refusals: readonly [string, (path: string) => void, string][] = [
    ['a file', (path) => writeFileSync(path, 'mine'), 'there is a file that is no FIFO'],
    ['a symbolic link', (path) => symlinkSync('/dev/null', path), 'there is a file that is no FIFO'],
    [
      'a FIFO that somebody reads',
      (path) => {
        mkfifo(path);
        const reader = new FifoReader(path);
        onTestFinished(() => reader.close());
      },
      'another process reads it',
    ],
  ];
  it.each(refusals)('%s in its place is refused and not touched', async (_, put, message) => {
    const path = join(scratchFolder(), 'taken');
    put(path);
    const before = lstatSync(path);
    await expect(start({ path })).rejects.toMatchObject({
      code: 'listen_failed',
      message: expect.stringMatching(new RegExp(`^mi_fifo.fifo_name: .*${message}`)),
    });
    expect(lstatSync(path).ino).toBe(before.ino);
  });

  it('needs a folder for replies', async () => {
    await expect(start({ replyDir: '/nowhere/at/all' })).rejects.toMatchObject({ code: 'listen_failed' });
  });

  it('an owner who does not exist is told', async () => {
    await expect(start({ user: 'nobody_of_this_name' })).rejects.toMatchObject({
      message: expect.stringContaining('nobody_of_this_name'),
    });
  });

  it('is made anew when somebody removed it', async () => {
    const { path, caller, logged } = await start({ limits: { look: 20 } });
    rmSync(path);
    await eventually(() => logged.at(-1)?.msg).toBe('the MI FIFO was gone; it is made anew');
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it.each([
    ['a file', (folder: string) => writeFileSync(folder, '')],
    ['a link that leads nowhere', (folder: string) => symlinkSync(folder, folder)],
  ])('is made anew when its folder, which %s took the place of, is there again', async (_, replace) => {
    const folder = join(scratchFolder(), 'run');
    mkdirSync(folder);
    const path = join(folder, 'commands');
    const { caller, logged } = await start({ path, limits: { look: 20 } });
    renameSync(folder, `${folder}.old`);
    replace(folder);
    await eventually(() => logged.at(-1)?.msg).toBe('the MI FIFO is gone and cannot be made anew');
    expect(logged.at(-1)?.['error']).toContain(`mi_fifo.fifo_name: ${path}: `);
    rmSync(folder);
    mkdirSync(folder);
    await eventually(() => logged.at(-1)?.msg).toBe('the MI FIFO was gone; it is made anew');
    expect(await caller.call(CALL)).toBe(REPLY);
  });

  it('leaves alone what took its place', async () => {
    const { fifo, path } = await start();
    rmSync(path);
    writeFileSync(path, 'mine');
    fifo.close();
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});
