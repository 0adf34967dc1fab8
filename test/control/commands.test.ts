import { miCommands } from '#src/control/commands.js';
import { handleMi } from '#src/control/mi.js';
import { VERSION } from '#src/control/version.js';
import { readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { describe, expect, it } from 'vitest';
import { fakeControl, type FakeControl } from './control.js';

async function call(method: string, params: unknown[] = [], control: FakeControl = fakeControl()): Promise<unknown> {
  const outcome = await handleMi(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), miCommands(control));
  return outcome.kind === 'silence' ? null : JSON.parse(outcome.text);
}

describe('msrp_trace', () => {
  it('switches, and tells what it is switched to', async () => {
    const control = fakeControl();
    await call('msrp_trace', ['Off'], control);
    expect(control.trace.on).toBe(false);
    expect(await call('msrp_trace', [], control)).toMatchObject({ result: { 'MSRP tracing': 'off' } });
    await call('msrp:trace', ['ON'], control);
    expect(control.trace.on).toBe(true);
    expect(await call('msrp:trace', [], control)).toMatchObject({ result: { 'MSRP tracing': 'on' } });
  });

  it('changes nothing when the mode is wrong', async () => {
    const control = fakeControl();
    await call('msrp_trace', ['offf'], control);
    expect(control.trace.on).toBe(true);
  });
});

describe('which', () => {
  it('lists every name that can be called', async () => {
    expect(await call('which')).toMatchObject({ result: ['msrp_trace', 'msrp:trace', 'which', 'uptime', 'version'] });
  });

  it('tells the parameters of a command, each way to call it', async () => {
    expect(await call('which', ['msrp_trace'])).toMatchObject({ result: [[], ['trace_mode']] });
    expect(await call('which', ['uptime'])).toMatchObject({ result: [[]] });
  });

  it('lists the commands of a module', async () => {
    expect(await call('which', ['msrp:'])).toMatchObject({ result: ['msrp:trace'] });
  });

  it.each(['nothing', 'nothing:', '__proto__', ''])('does not know %j', async (name) => {
    expect(await call('which', [name])).toEqual({
      jsonrpc: '2.0',
      error: { code: 404, message: 'unknown MI command' },
      id: 1,
    });
  });

  it('wants a name', async () => {
    expect(await call('which', [{}])).toMatchObject({ error: { code: -32602, message: 'Invalid params' } });
  });
});

it('uptime tells times as ctime does, and whole seconds', async () => {
  // 13 days 16 h 49 min 37 s later on the wall clock, and no change of the clocks in August anywhere tests are run.
  expect(await call('uptime')).toMatchObject({
    result: {
      Now: 'Thu Aug 20 09:05:03 2026',
      'Up since': 'Thu Aug  6 16:15:26 2026',
      'Up time': `${((13 * 24 + 16) * 60 + 49) * 60 + 37} [sec]`,
    },
  });
});

it('uptime is never negative, whatever becomes of the clock', async () => {
  const control = { ...fakeControl(), now: () => new Date(0) };
  expect(await call('uptime', [], control)).toMatchObject({ result: { 'Up time': '0 [sec]' } });
});

it('version tells the version of package.json, the machine and the system', async () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(manifest).toMatchObject({ version: VERSION });
  expect(await call('version')).toMatchObject({ result: { Server: `msrptap (1.2.3 (${arch()}/${platform()}))` } });
});
