import { expect, test } from 'vitest';
import type { App } from '#src/app.js';
import { handedOver } from '#src/commands/hand-over.js';
import { MsrptapError } from '#src/lib/errors.js';
import { createLog } from '#src/lib/log.js';
import { fakeTerminal } from './terminal.js';

/** One whose new process does not get ready, and what it is told meanwhile. */
async function failing(meanwhile: (stop: AbortController) => void): Promise<readonly string[]> {
  const said: string[] = [];
  const log = createLog('info', { write: (line) => void said.push((JSON.parse(line) as { msg: string }).msg) });
  const stop = new AbortController();
  const asked: (() => void | Promise<void>)[] = [];
  const terminal = {
    ...fakeTerminal(),
    stop: stop.signal,
    onHandOver: (callback: () => void | Promise<void>) => void asked.push(callback),
  };
  const app: Pick<App, 'handOver'> = {
    handOver: () => {
      meanwhile(stop);
      return Promise.reject(new MsrptapError('hand_over_failed', 'not ready'));
    },
  };
  void handedOver(app, log, terminal);
  await asked[0]?.();
  return said;
}

test('a new process that does not get ready is an error', async () => {
  const said = await failing(() => {});
  expect(said).toEqual(['hand-over to a new process', 'hand-over failed; this process goes on']);
});

test('one that is not waited for, as this process is told to stop, is none', async () => {
  const said = await failing((stop) => stop.abort());
  expect(said).toEqual(['hand-over to a new process', 'hand-over given up: this process is told to stop']);
});
