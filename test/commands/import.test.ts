import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { importFile } from '#src/commands/import.js';
import { startCli } from './cli.js';
import { fakeTerminal } from './terminal.js';

async function fileWith(content: string | Buffer): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'msrptap-import-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'opensips.cfg');
  await writeFile(file, content);
  return file;
}

test('the command prints a configuration', async () => {
  const cli = startCli('import', await fileWith('socket=msrp:127.0.0.1:65432\n'));
  expect(await cli.exited).toBe(0);
  expect(cli.out.all[0]).toMatch(/^# From opensips\.cfg, by msrptap import/);
  expect(cli.out.all).toContain('  - socket: msrp:127.0.0.1:65432');
  expect(cli.err.all).toEqual([]);
});

test.each([[[]], [['a.cfg', 'b.cfg']]])('one file is needed, not %j', async (words) => {
  await expect(importFile(words, fakeTerminal())).rejects.toMatchObject({ code: 'usage' });
});

test('a file that is not there ends with 2', async () => {
  const cli = startCli('import', join(tmpdir(), 'no-such-opensips.cfg'));
  expect(await cli.exited).toBe(2);
  expect(cli.err.all[0]).toMatch(/no-such-opensips\.cfg cannot be read: ENOENT/);
});

test('a file without an end is not read to it', async () => {
  await expect(importFile(['/dev/zero'], fakeTerminal())).rejects.toMatchObject({
    code: 'config_unreadable',
    message: expect.stringContaining('more than 1048576 octets') as string,
  });
});

test('what is no text does no harm', async () => {
  const terminal = fakeTerminal();
  const octets = Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 167) % 256));
  expect(await importFile([await fileWith(octets)], terminal)).toBe(0);
  expect(terminal.printed.join('')).not.toMatch(/[^\n\P{Cc}]/u);
});
