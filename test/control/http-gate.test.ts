/** Who may ask what over HTTP. */
import { describe, expect, it } from 'vitest';
import { hostGuard, isOwnOrigin } from '#src/control/http-hosts.js';
import { SourceRate } from '#src/lib/source-rate.js';
import { createLog } from '#src/lib/log.js';
import { exchange, get, postMi } from './http-client.js';
import { startServer } from './http-server.js';

const TRACE = '{"jsonrpc":"2.0","id":"7","method":"msrp_trace"}';

const status = (reply: string): string => /^HTTP\/1\.1 (\d+)/.exec(reply)?.[1] ?? '';

function asking(host: string, path = '/metrics'): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}

describe('Host', () => {
  const isServed = hostGuard(['tap1.example.com', 'msrptap']);

  it.each([
    '127.0.0.1',
    '127.0.0.1:8888',
    '192.0.2.1:8888',
    '[::1]',
    '[2001:db8::1]:8888',
    'localhost',
    'LocalHost:1',
    'localhost.:8888',
    'tap1.example.com',
    'TAP1.example.com:8888',
    'tap1.example.com.',
    'msrptap:8888',
  ])('%s is served', (host) => {
    expect(isServed(host)).toBe(true);
  });

  it.each([
    '',
    'evil.example',
    'evil.example:8888',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example#127.0.0.1',
    'user@127.0.0.1',
    '127.0.0.1, evil.example',
    '127.0.0.1:x',
    '127.0.0.1:99999',
    '[::1',
    '[evil.example]',
    '::1',
    '1.2.3',
    'example.com',
    'x.tap1.example.com',
  ])('%j is not', (host) => {
    expect(isServed(host)).toBe(false);
  });

  it.each(['/healthz', '/readyz', '/metrics', '/none'])('421 for a name that is not listed: %s', async (path) => {
    const { server, port } = await startServer({ scrape: () => Promise.reject(new Error('was called')) });
    expect(status(await exchange(port, asking(`evil.example:${port}`, path)))).toBe('421');
    expect(server.refused).toEqual({ certificate: 0, host: 1, origin: 0, rate: 0, token: 0 });
  });

  it('MI does nothing for such a name, with the token neither', async () => {
    const token = 'a-token-of-16-chars';
    const { port } = await startServer({ token, commands: new Map() });
    const head = `POST /mi HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n`;
    const reply = await exchange(
      port,
      `${head}Content-Type: application/json\r\nContent-Length: ${TRACE.length}\r\n\r\n${TRACE}`,
    );
    expect(status(reply)).toBe('421');
    expect(reply).not.toContain('jsonrpc');
  });

  it('a name of httpd.hosts is served; two of them at once are not', async () => {
    const { port } = await startServer({ hosts: ['tap1.example.com'] });
    expect(status(await exchange(port, asking('tap1.example.com')))).toBe('200');
    const two = `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
    expect(['400', '421']).toContain(status(await exchange(port, two)));
  });

  it('HTTP/1.0 without one is served, as health checks have it', async () => {
    const { port } = await startServer();
    expect(status(await exchange(port, 'GET /healthz HTTP/1.0\r\n\r\n'))).toBe('200');
  });
});

describe('Origin', () => {
  it.each([
    [undefined, true],
    ['http://127.0.0.1:8888', true],
    ['http://evil.example', false],
    ['http://127.0.0.1:8889', false],
    ['https://127.0.0.1:8888', false],
    ['null', false],
    ['', false],
  ])('%s: %s', (origin, isOwn) => {
    expect(isOwnOrigin(origin, '127.0.0.1:8888', 'http')).toBe(isOwn);
  });

  it('over TLS, a page of plain HTTP is another site', () => {
    expect(isOwnOrigin('https://127.0.0.1:8888', '127.0.0.1:8888', 'https')).toBe(true);
    expect(isOwnOrigin('http://127.0.0.1:8888', '127.0.0.1:8888', 'https')).toBe(false);
  });

  it('a page of another site gets 403 and no CORS header, whatever it asks', async () => {
    const { port } = await startServer();
    const headers = { Origin: 'http://evil.example' };
    const preflight = await get(port, '/mi', { method: 'OPTIONS', headers });
    for (const reply of [await postMi(port, TRACE, headers), preflight, await get(port, '/metrics', { headers })]) {
      expect(reply.status).toBe(403);
      expect([...reply.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
    expect(await postMi(port, TRACE, { Origin: `http://127.0.0.1:${port}` })).toMatchObject({ status: 200 });
  });
});

describe('the rate', () => {
  it('is so many a second and address, saved up for a second at most', () => {
    let now = 0;
    const rate = new SourceRate(10, () => now);
    const taken = (count: number, address = 'a'): number =>
      Array.from({ length: count }, () => rate.take(address)).filter(Boolean).length;
    expect(taken(15)).toBe(10);
    now = 500;
    expect(taken(15)).toBe(5);
    now = 60_000;
    expect(taken(15)).toBe(10);
    expect(taken(15, 'b')).toBe(10);
  });

  it('remembers those who ask most recently, and not more than 1024', () => {
    const rate = new SourceRate(1, () => 0);
    expect([rate.take('first'), rate.take('first')]).toEqual([true, false]);
    for (let index = 0; index < 1_024; index += 1) rate.take(`other ${index}`);
    expect([rate.take('other 1023'), rate.take('first')]).toEqual([false, true]);
  });

  it('too many get 429, of whatever they ask but health; others and later ones are served', async () => {
    const { server, port } = await startServer({ requestsPerSecond: 1, token: 'a-token-of-16-chars' });
    // Guessing counts as asking does.
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await get(port, '/metrics')).status));
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const { token, rate } = server.refused;
    expect(token + rate).toBe(20);
    expect(rate).toBeGreaterThan(0);
    expect(await get(port, '/healthz')).toMatchObject({ status: 200 });
    await expect.poll(async () => (await get(port, '/metrics')).status, { timeout: 10_000 }).toBe(401);
  });
});

it('what is refused is told of, a few times, with nothing of what was sent', async () => {
  const lines: string[] = [];
  const log = createLog('trace', { write: (line) => lines.push(line) });
  const { server, port } = await startServer({ log, token: 'a-token-of-16-chars' });
  for (let index = 0; index < 20; index += 1) await exchange(port, asking('evil.example', '/metrics?secret-query'));
  await get(port, '/metrics', { headers: { Authorization: 'Bearer a-token-of-16-charz' } });
  await server.close();
  const told = lines.filter((line) => line.includes('HTTP request refused'));
  expect(told.length).toBeLessThanOrEqual(6);
  expect(JSON.parse(told[0] ?? '{}')).toMatchObject({ level: 'warn', from: '127.0.0.1', reason: 'host' });
  expect(lines.join('')).toContain('"leftOut":');
  expect(lines.join('')).not.toMatch(/secret-query|a-token|evil/);
});
