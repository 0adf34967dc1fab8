import { LogStream, type LogStreamOptions } from '#src/lib/log-stream.js';
import { createLog } from '#src/lib/log.js';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'msrptap-log-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A pipe as a shell makes one; nobody reads it unless the test does. */
function newPipe(): { path: string; fd: number } {
  const path = join(scratch(), 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR);
  onTestFinished(() => closeSync(fd));
  return { path, fd };
}

function newStream(options: LogStreamOptions): LogStream {
  const stream = new LogStream({ flushTimeout: 100, ...options });
  onTestFinished(async () => stream.close());
  return stream;
}

/** Several times what a pipe holds. */
const LINES = 1_000;
const numberOf = (line: string) => Number(/^\{"number":(\d+),.*\}$/.exec(line)?.[1]);
const numbered = (number: number) => `${JSON.stringify({ number, padding: 'x'.repeat(400) })}\n`;

/** What a log in this form comes to. */
async function logged(readable: boolean): Promise<string> {
  const path = join(scratch(), 'log');
  const stream = newStream({ fd: openSync(path, 'w'), readable, flushTimeout: 10_000 });
  createLog('info', stream).info({ a: 1 }, 'ready');
  await stream.close();
  return readFileSync(path, 'utf8');
}

describe('a log into a file', () => {
  it('has every line, in order, when it was closed', async () => {
    const path = join(scratch(), 'log');
    const fd = openSync(path, 'w');
    const stream = newStream({ fd, flushTimeout: 10_000 });
    for (let number = 0; number < LINES; number++) stream.write(numbered(number));
    await stream.close();
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map(numberOf)).toEqual([...Array(LINES).keys()]);
    expect(stream.dropped).toBe(0);
  });

  it('is JSON as pino writes it, or a line for people when asked', async () => {
    expect(JSON.parse(await logged(false))).toMatchObject({ level: 'info', msg: 'ready', a: 1 });
    expect(await logged(true)).toMatch(/^[\d:.]{12} INFO {2}ready a=1\n$/);
  });

  it('counts what comes after the end', async () => {
    const stream = newStream({ fd: openSync(join(scratch(), 'log'), 'w') });
    await stream.close();
    stream.write('late\n');
    expect(stream.dropped).toBe(1);
  });
});

describe('a log into a pipe that nobody reads', () => {
  it('holds so much, drops and counts the rest, and goes on when somebody reads', async () => {
    const { path, fd } = newPipe();
    const stream = newStream({ fd, maxWaiting: 100_000, flushTimeout: 10_000 });
    for (let number = 0; number < LINES; number++) stream.write(numbered(number));
    const kept = LINES - stream.dropped;
    expect(stream.dropped).toBeGreaterThan(0);
    expect(kept * numbered(0).length).toBeLessThanOrEqual(100_000 + numbered(LINES).length);

    const numbers: number[] = [];
    const reader = createReadStream(path);
    const lines = createInterface(reader);
    lines.on('line', (line) => numbers.push(numberOf(line)));
    await vi.waitUntil(() => numbers.length >= kept, { timeout: 15_000 });
    expect(numbers).toEqual([...Array(kept).keys()]);
    reader.destroy();
  });

  it('does not keep the process from ending, in either way', async () => {
    const source = new URL('../../dist/lib/log-stream.js', import.meta.url);
    const ways = ['await stream.close();', 'process.exit(0);', 'process.exitCode = 0; stream.flush();'];
    const codes = ways.map(async (way) => {
      const { fd } = newPipe();
      const script = `
        import { LogStream } from ${JSON.stringify(source.href)};
        const stream = new LogStream({ flushTimeout: 100 });
        for (let n = 0; n < 1000; n++) stream.write('x'.repeat(400) + '\\n');
        await new Promise((resolve) => setTimeout(resolve, 10));
        ${way}`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', fd] });
      onTestFinished(() => void child.kill('SIGKILL'));
      return once(child, 'exit');
    });
    expect(await Promise.all(codes)).toEqual(ways.map(() => [0, null]));
  });
});

it('a log whose reader has gone is dropped and counted, and harms nobody', async () => {
  const path = join(scratch(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY);
  onTestFinished(() => closeSync(fd));
  const stream = newStream({ fd });
  closeSync(reader);
  await vi.waitUntil(
    () => {
      stream.write('x\n');
      return stream.dropped > 0;
    },
    { timeout: 15_000 },
  );
  stream.flush();
  await expect(stream.close()).resolves.toBeUndefined();
});

it('flush writes what waits within the turn', () => {
  const path = join(scratch(), 'log');
  const stream = newStream({ fd: openSync(path, 'w') });
  for (let number = 0; number < LINES; number++) stream.write(numbered(number));
  stream.flush();
  const numbers = readFileSync(path, 'utf8').trimEnd().split('\n').map(numberOf);
  // The first write, of 16 KiB at most, may be under way in a thread; all that waited behind it is there.
  expect(numbers.filter((number) => number >= 100)).toEqual([...Array(LINES).keys()].slice(100));
});
