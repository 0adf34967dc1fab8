import { callMi } from '#src/control/mi-client.js';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../helpers/free-port.js';
import { startServer } from './http-server.js';

const url = (port: number) => `http://127.0.0.1:${port}/mi`;

/** Something else than msrptap at the address. */
async function startOther(listener: RequestListener): Promise<number> {
  const server = createHttpServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('callMi', () => {
  it('calls with parameters by name, by position and without', async () => {
    const { port } = await startServer();
    expect(await callMi({ url: url(port), method: 'msrp_trace' })).toEqual({ result: { 'MSRP tracing': 'on' } });
    expect(await callMi({ url: url(port), method: 'msrp_trace', params: ['off'] })).toEqual({ result: 'OK' });
    expect(await callMi({ url: url(port), method: 'msrp_trace' })).toEqual({ result: { 'MSRP tracing': 'off' } });
    expect(await callMi({ url: url(port), method: 'msrp_trace', params: { trace_mode: 'on' } })).toEqual({
      result: 'OK',
    });
  });

  it('gives back what the call was answered, errors included', async () => {
    const { port } = await startServer();
    expect(await callMi({ url: url(port), method: 'nothing' })).toEqual({
      error: { code: -32601, message: 'Method not found' },
    });
    expect(await callMi({ url: url(port), method: 'uptime', params: [1] })).toEqual({
      error: { code: -32602, message: 'Invalid params', data: 'Too few or too many parameters' },
    });
  });

  it('shows its token, and says so when it has a wrong one or none', async () => {
    const { port } = await startServer({ token: 'a-token-of-16-chars' });
    const call = { url: url(port), method: 'msrp_trace' };
    expect(await callMi({ ...call, token: 'a-token-of-16-chars' })).toHaveProperty('result');
    const failed = { code: 'mi_failed', message: expect.stringContaining('httpd.token') };
    await expect(callMi({ ...call, token: 'another' })).rejects.toMatchObject(failed);
    await expect(callMi(call)).rejects.toMatchObject(failed);
  });
});

describe('callMi finds no MI', () => {
  it('where nobody listens', async () => {
    const port = await freePort();
    await expect(callMi({ url: url(port), method: 'which' })).rejects.toMatchObject({
      code: 'mi_unreachable',
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED.*httpd\\.port`)),
    });
  });

  it.each(['not a url', 'https://127.0.0.1:1/mi', 'unix:/tmp/x'])('at %s', async (bad) => {
    await expect(callMi({ url: bad, method: 'which' })).rejects.toMatchObject({ code: 'mi_unreachable' });
  });

  it('where whoever listens says nothing', async () => {
    const port = await startOther(() => {});
    await expect(callMi({ url: url(port), method: 'which', timeout: 30 })).rejects.toMatchObject({
      code: 'mi_unreachable',
      message: expect.stringContaining('no reply within 30 ms'),
    });
  });

  it('where the answer never ends', async () => {
    const port = await startOther((_, response) => {
      const more = (): void => {
        if (response.destroyed) return;
        if (response.write('x'.repeat(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    });
    await expect(callMi({ url: url(port), method: 'which' })).rejects.toMatchObject({ code: 'mi_unreachable' });
  });

  it.each([
    '<html>',
    '{}',
    '[]',
    '{"jsonrpc":"2.0","error":"x"}',
    '{"jsonrpc":"2.0","error":{"code":"1","message":"x"}}',
    `{"jsonrpc":"2.0","result":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    `{"jsonrpc":"2.0","error":{"code":1,"message":"x","data":${'{"a":'.repeat(10_000)}0${'}'.repeat(10_000)}}}`,
  ])('in %.60s', async (body) => {
    const port = await startOther((_, response) => response.end(body));
    await expect(callMi({ url: url(port), method: 'which' })).rejects.toMatchObject({ code: 'mi_failed' });
  });
});
