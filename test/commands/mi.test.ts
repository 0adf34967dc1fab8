import { type MiArguments, mi } from '#src/commands/mi.js';
import { commandTable, ok } from '#src/control/mi-command.js';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startServer } from '../control/http-server.js';
import { LEAST } from '../helpers/config.js';
import { startCli } from './cli.js';
import { fakeTerminal } from './terminal.js';

const TOKEN = 'a-token-of-16-chars';

async function call(words: readonly string[], options: Partial<MiArguments>) {
  const terminal = fakeTerminal();
  const status = await mi(
    { file: undefined, url: undefined, token: undefined, ca: undefined, ...options, words },
    terminal,
  );
  return { status, printed: terminal.printed.join('\n'), complained: terminal.complained.join('\n') };
}

async function running(...options: Parameters<typeof startServer>): Promise<{ port: number; url: string }> {
  const { port } = await startServer(...options);
  return { port, url: `http://127.0.0.1:${port}/mi` };
}

async function configFile(yaml: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'msrptap-mi-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'msrptap.yaml');
  await writeFile(file, LEAST + yaml);
  return file;
}

/** Answers with the parameters that it got. */
const mirrorCommands = () =>
  commandTable([
    {
      names: ['show'],
      recipes: [
        { params: ['a'], run: (a) => ok({ a }) },
        { params: ['a', 'b'], run: (a, b) => ok({ a, b }) },
      ],
    },
    { names: ['say'], recipes: [{ params: [], run: () => ok('\u001b[2Jone\ntwo') }] },
    { names: ['hide'], recipes: [{ params: [], run: () => ok({ text: '\u009b2J\u001b' }) }] },
  ]);

describe('what is printed', () => {
  it('a result: JSON with 4 blanks', async () => {
    const { url } = await running();
    expect(await call(['msrp_trace'], { url })).toEqual({
      status: 0,
      printed: '{\n    "MSRP tracing": "on"\n}',
      complained: '',
    });
  });

  it('a text alone: as it is', async () => {
    const { url } = await running();
    expect(await call(['msrp_trace', 'off'], { url })).toMatchObject({ status: 0, printed: 'OK' });
    expect(await call(['msrp_trace'], { url })).toMatchObject({ printed: expect.stringContaining('"off"') });
  });

  it('an error: with code, message and data, and status 1', async () => {
    const { url } = await running();
    expect(await call(['msrp_trace', 'maybe'], { url })).toEqual({
      status: 1,
      printed: '',
      complained: "msrptap: error -32602: Invalid params: trace_mode should be 'on' or 'off'",
    });
    expect(await call(['nothing'], { url })).toMatchObject({ complained: 'msrptap: error -32601: Method not found' });
  });

  it('nothing that moves a cursor', async () => {
    const { url } = await running({ commands: mirrorCommands() });
    expect(await call(['say'], { url })).toMatchObject({ printed: '\\u{1b}[2Jone\ntwo' });
    expect(await call(['hide'], { url })).toMatchObject({ printed: '{\n    "text": "\\u009b2J\\u001b"\n}' });
  });
});

describe('parameters', () => {
  it('by name or by position', async () => {
    const { url } = await running({ commands: mirrorCommands() });
    const shown = async (...words: string[]): Promise<unknown> =>
      JSON.parse((await call(['show', ...words], { url })).printed);
    expect(await shown('b=x=y', 'a=')).toEqual({ a: '', b: 'x=y' });
    expect(await shown('1', '2')).toEqual({ a: '1', b: '2' });
    expect(await shown('sip:a;x=1')).toEqual({ a: 'sip:a;x=1' });
  });

  it.each([
    [['show', 'a=1', '2'], /all named.*all plain/],
    [['show', 'a=1', 'a=2'], /given twice/],
    [[], /METHOD/],
  ])('%j is a usage error', async (words, message) => {
    await expect(call(words, { url: 'http://127.0.0.1:9/mi' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(message),
    });
  });
});

describe('where', () => {
  it('from httpd of a configuration, with its token and root', async () => {
    const { port } = await running({ token: TOKEN, miRoot: 'manage' });
    const file = await configFile(`httpd: { port: ${port}, token: ${TOKEN} }\nmi_http: { root: manage }\n`);
    expect(await call(['msrp_trace'], { file })).toMatchObject({ status: 0 });
  });

  it.each(['0.0.0.0', '::', '0:0::0'])('this machine when httpd.ip is %s', async (ip) => {
    const file = await configFile(`httpd: { ip: "${ip}", port: 9, token: ${TOKEN} }\n`);
    const dialled = ip === '0.0.0.0' ? '127.0.0.1:9' : '[::1]:9';
    await expect(call(['which'], { file })).rejects.toMatchObject({
      code: 'mi_unreachable',
      message: expect.stringContaining(`http://${dialled}/mi`),
    });
  });

  it('--url and --token count in place of the configuration', async () => {
    const { url } = await running({ token: TOKEN });
    const file = await configFile('httpd: { port: 0, token: another-token-of-it }\n');
    expect(await call(['msrp_trace'], { file, url, token: TOKEN })).toMatchObject({ status: 0 });
    await expect(call(['msrp_trace'], { file, url })).rejects.toMatchObject({ code: 'mi_failed' });
  });

  it('not from a port that only the system knows', async () => {
    const file = await configFile('httpd: { port: 0 }\n');
    await expect(call(['which'], { file })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('--url'),
    });
  });
});

describe('msrptap mi', () => {
  it('ends with 0, 1 or 2', async () => {
    const { url } = await running();
    const good = startCli('mi', '--url', url, 'msrp_trace', 'trace_mode=off');
    const failed = startCli('mi', '--url', url, 'msrp_trace', 'trace_mode=maybe');
    const usage = startCli('mi', '--url', url, 'msrp_trace', 'off', 'trace_mode=off');
    expect(await good.out.first(/./)).toBe('OK');
    expect(await failed.err.first(/-32602/)).toContain('Invalid params');
    expect(await usage.err.first(/all named/)).toMatch(/^msrptap: /);
    expect(await Promise.all([good.exited, failed.exited, usage.exited])).toEqual([0, 1, 2]);
  });
});
