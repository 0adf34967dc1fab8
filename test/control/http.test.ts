import { commandTable } from '#src/control/mi-command.js';
import { HttpServer } from '#src/control/http.js';
import { MAX_REQUEST } from '#src/control/mi.js';
import { createLog, silentLog } from '#src/lib/log.js';
import { describe, expect, it } from 'vitest';
import { get, postMi } from './http-client.js';
import { startServer } from './http-server.js';

const TRACE = '{"jsonrpc":"2.0","id":"7","method":"msrp_trace"}';
const ON = '{"jsonrpc":"2.0","result":{"MSRP tracing":"on"},"id":"7"}';
const PARSE_ERROR = '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}';

describe('POST /mi', () => {
  it('answers to the letter, and no cache keeps it', async () => {
    const { port } = await startServer();
    const { status, headers, body } = await postMi(port, TRACE);
    expect([status, body]).toEqual([200, ON]);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('answers JSON-RPC errors with 200', async () => {
    const { port } = await startServer();
    expect(await postMi(port, '{"jsonrpc":"2.0","id":1,"method":"nothing"}')).toMatchObject({
      status: 200,
      body: '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}',
    });
    expect(await postMi(port, '{"id":1}')).toMatchObject({
      status: 200,
      body: '{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":1}',
    });
  });

  it('accepts a notification with 202 and nothing else', async () => {
    const { port } = await startServer();
    expect(await postMi(port, '{"jsonrpc":"2.0","method":"msrp_trace"}')).toMatchObject({ status: 202, body: '' });
  });

  it.each(['', '{', 'trace'])('refuses %j, which is no JSON, with 400', async (body) => {
    const { port } = await startServer();
    expect(await postMi(port, body)).toMatchObject({ status: 400, body: PARSE_ERROR });
  });

  it.each(['application/json', 'Application/JSON; charset=utf-8', 'application/json ;x'])('takes %s', async (type) => {
    const { port } = await startServer();
    expect(await postMi(port, TRACE, { 'Content-Type': type })).toMatchObject({ status: 200, body: ON });
  });

  // What a page in a browser may send to another site unasked is one of these; so it cannot call the MI.
  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'multipart/form-data; boundary=x'])(
    'refuses %s with 415',
    async (type) => {
      const { port } = await startServer();
      expect(await postMi(port, TRACE, { 'Content-Type': type })).toMatchObject({ status: 415 });
    },
  );

  it.each(['GET', 'HEAD', 'PUT', 'OPTIONS'])('is the only method: 405 to %s', async (method) => {
    const { port } = await startServer();
    const { status, headers } = await get(port, '/mi', { method });
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  it('takes requests of up to 64 KiB, and refuses longer ones with 413', async () => {
    const { port } = await startServer();
    expect(await postMi(port, TRACE.padEnd(MAX_REQUEST))).toMatchObject({ status: 200, body: ON });
    expect(await postMi(port, TRACE.padEnd(MAX_REQUEST + 1))).toMatchObject({ status: 413 });
  });

  it('is found under another root, and no longer under the usual one', async () => {
    const { port } = await startServer({ miRoot: '/a/b/', metricsRoot: 'm' });
    expect(
      await get(port, '/a/b', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: TRACE }),
    ).toMatchObject({
      status: 200,
    });
    expect(await get(port, '/m')).toMatchObject({ status: 200 });
    expect(await get(port, '/mi')).toMatchObject({ status: 404 });
    expect(await get(port, '/metrics')).toMatchObject({ status: 404 });
  });
});

describe('GET', () => {
  it('/metrics gives what was scraped, with its type', async () => {
    const { port } = await startServer();
    const { status, headers, body } = await get(port, '/metrics?x=1');
    expect([status, body, headers.get('content-type')]).toEqual([200, 'up 1\n', 'text/plain; version=0.0.4']);
  });

  it('/healthz is ok whatever the readiness, which /readyz tells', async () => {
    const { server, port } = await startServer();
    const states = async () => [await get(port, '/healthz'), await get(port, '/readyz')];
    const ok = { status: 200, body: 'ok\n' };
    expect(await states()).toMatchObject([ok, { status: 503, body: 'starting\n' }]);
    server.readiness = 'ready';
    expect(await states()).toMatchObject([ok, { status: 200, body: 'ready\n' }]);
    server.readiness = 'draining';
    expect(await states()).toMatchObject([ok, { status: 503, body: 'draining\n' }]);
  });

  it.each(['/metrics', '/healthz', '/readyz'])('%s answers HEAD without a body, and nothing else', async (path) => {
    const { port } = await startServer();
    expect(await get(port, path, { method: 'HEAD' })).toMatchObject({ body: '' });
    const refused = await get(port, path, { method: 'POST', body: 'x' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it.each(['/', '/mi/', '/MI', '/metrics/x', '//mi', '/__proto__', '/%6di'])('%s is not found', async (path) => {
    const { port } = await startServer();
    expect(await get(port, path)).toMatchObject({ status: 404 });
  });
});

describe('with a token', () => {
  const token = 'correct horse'.replace(' ', '-');

  it('MI and metrics want it, health and readiness do not', async () => {
    const { port } = await startServer({ token });
    const headers = { Authorization: `Bearer ${token}` };
    expect(await postMi(port, TRACE, headers)).toMatchObject({ status: 200, body: ON });
    expect(await get(port, '/metrics', { headers })).toMatchObject({ status: 200 });
    expect(await get(port, '/healthz')).toMatchObject({ status: 200 });
    expect(await get(port, '/readyz')).toMatchObject({ status: 503 });
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer x ${token}`,
    `Basic ${token}`,
    token,
  ])('refuses %j with 401, and does nothing', async (authorization) => {
    const { port } = await startServer({ token, scrape: () => Promise.reject(new Error('was called')) });
    const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
    for (const reply of [await postMi(port, TRACE, headers), await get(port, '/metrics', { headers })]) {
      expect(reply.status).toBe(401);
      expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(reply.body).not.toContain(token);
    }
  });
});

const fails = () => Promise.reject(new Error('inner secret'));

describe('when something inside fails', () => {
  it('the caller gets 500 and no word of it, the log gets all', async () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => lines.push(line) });
    const { port } = await startServer({ log, scrape: fails });
    expect(await get(port, '/metrics')).toMatchObject({ status: 500, body: 'internal error\n' });
    expect(lines.join('')).toContain('inner secret');
  });

  it('a command that throws is an error of the call, and is logged', async () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => lines.push(line) });
    const { port } = await startServer({
      log,
      commands: commandTable([{ names: ['x'], recipes: [{ params: [], run: fails }] }]),
    });
    expect(await postMi(port, '{"jsonrpc":"2.0","id":1,"method":"x"}')).toMatchObject({
      status: 200,
      body: '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Server error"},"id":1}',
    });
    expect(lines.join('')).toContain('inner secret');
  });
});

describe('listening', () => {
  it('says which port is taken, and which key sets it', async () => {
    const { port } = await startServer();
    const second = new HttpServer({
      commands: new Map(),
      scrape: () => Promise.reject(new Error('never')),
      log: silentLog,
    });
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({
      code: 'listen_failed',
      message: expect.stringMatching(new RegExp(`httpd\\.port.* 127\\.0\\.0\\.1:${port}`)),
    });
  });

  it('says that an address is not of this machine', async () => {
    const server = new HttpServer({
      commands: new Map(),
      scrape: () => Promise.reject(new Error('never')),
      log: silentLog,
    });
    await expect(server.listen('192.0.2.1', 0)).rejects.toMatchObject({
      code: 'listen_failed',
      message: expect.stringContaining('httpd.ip'),
    });
    await server.close();
  });

  it.each([
    ['mi', '/mi'],
    ['healthz', 'metrics'],
  ])('refuses roots that collide: %s, %s', (miRoot, metricsRoot) => {
    const options = { commands: new Map(), scrape: () => Promise.reject(new Error('never')), log: silentLog };
    expect(() => new HttpServer({ ...options, miRoot, metricsRoot })).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    );
  });
});
