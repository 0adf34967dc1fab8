/** A disk that is full: msrptap's log goes nowhere, and nobody notices. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { freePort } from '../helpers/free-port.js';
import { settings } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';
import { note, recordAtEnd } from './figures.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
const LINKS = 50;

recordAtEnd();

test('every line of the log fails with ENOSPC: links are carried, and it ends as it was told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'msrptap-full-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const hop = await NextHop.start();
  const socket = { ip: '127.0.0.1', port: await freePort('127.0.0.1') };
  const file = join(folder, 'msrptap.yaml');
  const listeners = [{ socket: `msrp:127.0.0.1:${socket.port}`, upstream: hop.url }];
  writeFileSync(file, JSON.stringify({ ...settings({ listeners }), drain_timeout: 500, log: { level: 'debug' } }));
  // Whatever is written to it gets ENOSPC (full(4)).
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [CLI, 'run', '-f', file], { stdio: ['ignore', 'ignore', full] });
  closeSync(full);
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  // Its log cannot say when it is ready.
  await expect.poll(() => dial(socket).then(() => 'it listens', String), { timeout: 10_000 }).toBe('it listens');
  await hop.accept();
  for (let i = 0; i < LINKS; i += 1) {
    const { client, server } = await linkThrough(socket, hop);
    await carry(new Chat().ask('hello'), client, server);
    client.send('not MSRP');
    expect(await server.end).toBe('rst');
  }
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  note('a full disk under the log (ENOSPC)', {
    survived: 'links are carried, a drain ends with 0',
    lost: 0,
    detected: null,
  });
});
