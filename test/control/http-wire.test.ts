import { HTTP_TIMEOUTS } from '#src/control/http.js';
import { MAX_HTTP_CONNECTIONS, MAX_PIPELINED } from '#src/control/http-connections.js';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.js';
import { Deferred } from './control.js';
import { dial, exchange, get, postMi } from './http-client.js';
import { startServer } from './http-server.js';

const TRACE = '{"jsonrpc":"2.0","id":"7","method":"msrp_trace"}';
const ON = '{"jsonrpc":"2.0","result":{"MSRP tracing":"on"},"id":"7"}';
const POST = 'POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('a request on the wire', () => {
  it('may come in chunks, a few bytes at a time', async () => {
    const { port } = await startServer();
    const chunks = ['{"jsonrpc":"2.0",', '"id":"7",', '"method":"msrp_trace"}'];
    const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    const reply = await exchange(
      port,
      `${POST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
      ...body,
      '0\r\n\r\n',
    );
    expect(reply).toMatch(/^HTTP\/1\.1 200 /);
    expect(reply.endsWith(`\r\n\r\n${ON}`)).toBe(true);
  });

  it('without a length has no body', async () => {
    const { port } = await startServer();
    expect(await exchange(port, `${POST}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 .*"Parse error"/s);
  });

  it('may be followed by others before its answer, and the answers keep the order', async () => {
    const { port } = await startServer();
    const mi = `${POST}Content-Length: ${TRACE.length}\r\n\r\n${TRACE}`;
    const reply = await exchange(
      port,
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${mi}GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(reply.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404']);
    expect(reply).toContain(ON);
  });

  it('that is no HTTP gets 400, and the connection is closed', async () => {
    const { port } = await startServer();
    expect(await exchange(port, 'MSRP a786 SEND\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('that promises too much is refused before it is sent, and the connection is closed', async () => {
    const { port } = await startServer({ timeouts: { discard: 20 } });
    expect(await exchange(port, `${POST}Content-Length: 99999999\r\n\r\n{`)).toMatch(
      /^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s,
    );
  });

  it('that goes on and on without saying how long is refused, and the connection is closed', async () => {
    // Long enough for all of it to be read: what is not makes the close a reset.
    const { port } = await startServer({ timeouts: { discard: 1_000 } });
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    expect(
      await exchange(port, `${POST}Transfer-Encoding: chunked\r\n\r\n`, chunk, chunk, chunk, chunk, chunk),
    ).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('that ends in the middle harms nobody', async () => {
    const { port } = await startServer();
    const socket = dial(port);
    await once(socket, 'connect');
    socket.write(`${POST}Content-Length: 100\r\n\r\n{"json`);
    socket.resetAndDestroy();
    expect(await postMi(port, TRACE)).toMatchObject({ status: 200, body: ON });
  });
});

describe('a client that is slow', () => {
  const timeouts = { headers: 60, request: 120, keepAlive: 60 };

  it.each([
    ['says nothing', ''],
    ['never ends its headers', 'POST /mi HTTP/1.1\r\nHost: localhost\r\nX-A: '],
    ['never ends its body', `${POST}Content-Length: 100\r\n\r\n{`],
  ])('and %s is closed', async (_, bytes) => {
    const { port } = await startServer({ timeouts });
    expect(await exchange(port, bytes)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('and drips its headers is closed all the same', async () => {
    const { port } = await startServer({ timeouts });
    const socket = dial(port);
    socket.write('GET /healthz HTTP/1.1\r\nX-A: ');
    const drip = setInterval(() => socket.write('x'), 10);
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
    // A drop that crosses the close is answered with a reset, which may take the 408 with it.
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    clearInterval(drip);
    expect(answer).toMatch(/^(?:$|HTTP\/1\.1 408 )/);
  });

  it('and asks nothing more is closed', async () => {
    const { port } = await startServer({ timeouts: { keepAlive: timeouts.keepAlive } });
    expect(await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 200 .*\r\n\r\nok\n$/s,
    );
  });

  it('and does not take a long answer is closed', async () => {
    const body = 'x'.repeat(32 * 1_048_576);
    const { port } = await startServer({
      timeouts: { idle: 100 },
      scrape: async () => ({ contentType: 'text/plain', body }),
    });
    const socket = dial(port).pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
    // A socket that does not read learns of the reset when it writes.
    const probe = setInterval(() => socket.write('x'), 20);
    await new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
    clearInterval(probe);
    expect(socket.bytesRead).toBeLessThan(body.length);
  });

  it('gets the times that the documentation tells, when nothing else is said', () => {
    expect(HTTP_TIMEOUTS).toMatchObject({ headers: 5_000, request: 10_000, keepAlive: 5_000 });
  });
});

const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
const SCRAPE = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('a flood', () => {
  it.each([
    ['connections that say nothing', ''],
    ['requests that never end', `${POST}Transfer-Encoding: chunked\r\n\r\n`],
    ['answers that are taken, and nothing more asked', HEALTH],
  ])('of %s does not keep out a health check', async (_, bytes) => {
    const { port } = await startServer({ timeouts: { headers: 60_000, request: 60_000, keepAlive: 60_000 } });
    const held = Array.from({ length: MAX_HTTP_CONNECTIONS }, () => dial(port));
    const closed: number[] = [];
    for (const [index, socket] of held.entries()) {
      socket.on('error', () => {}).resume();
      socket.once('close', () => closed.push(index)).once('end', () => socket.destroy());
      socket.write(bytes);
      await once(socket, 'connect');
    }
    expect(await get(port, '/healthz', { headers: { Connection: 'close' } })).toMatchObject({ status: 200 });
    // The one that has held its place for longest, which makes room; the others are let alone.
    await eventually(() => closed).toEqual([0]);
    for (const socket of held) socket.destroy();
  });

  it('of connections whose requests are being answered is not cut off', async () => {
    const answer = new Deferred<{ contentType: string; body: string }>();
    let asked = 0;
    const { port } = await startServer({
      scrape: () => {
        asked += 1;
        return answer.promise;
      },
    });
    const asking = Array.from({ length: MAX_HTTP_CONNECTIONS }, async () => get(port, '/metrics'));
    await eventually(() => asked).toBe(MAX_HTTP_CONNECTIONS);
    await expect(get(port, '/healthz')).rejects.toThrow('fetch failed');
    answer.resolve({ contentType: 'text/plain', body: 'up 1\n' });
    expect(new Set((await Promise.all(asking)).map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('of requests on one connection, of which no answer is taken, is answered one by one and then cut off', async () => {
    let scrapes = 0;
    const { port } = await startServer({
      scrape: async () => {
        scrapes += 1;
        return { contentType: 'text/plain', body: 'x'.repeat(8 * 1_048_576) };
      },
    });
    const few = dial(port).pause();
    few.write(SCRAPE.repeat(MAX_PIPELINED));
    await eventually(() => scrapes).toBe(1);
    const many = dial(port).resume();
    many.on('error', () => {}).once('end', () => many.destroy());
    many.write(SCRAPE.repeat(1_000));
    await once(many, 'close');
    // Of the second connection none or one; of the first no other, as the first answer is not taken yet.
    expect(scrapes).toBeLessThanOrEqual(2);
    let octets = 0;
    few.on('data', (bytes: Buffer) => (octets += bytes.length)).resume();
    await expect.poll(() => octets, { timeout: 10_000 }).toBeGreaterThan(MAX_PIPELINED * 8 * 1_048_576);
    few.destroy();
  });

  it('of requests leaves a turn of the event loop between each two', async () => {
    const turns: number[] = [];
    let turn = 0;
    const count = (): void => {
      turn += 1;
      if (turns.length < 20) setImmediate(count);
    };
    const { port } = await startServer({
      scrape: async () => {
        if (turns.length === 0) count();
        turns.push(turn);
        return { contentType: 'text/plain', body: 'up 1\n' };
      },
    });
    await Promise.all(Array.from({ length: 20 }, async () => get(port, '/metrics')));
    expect(new Set(turns).size).toBe(20);
  });
});

describe('close', () => {
  it('does not wait for connections between two requests', async () => {
    const { server, port } = await startServer({ timeouts: { keepAlive: 60_000, close: 60_000 } });
    const socket = dial(port);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const rest = buffer(socket);
    await server.close();
    expect(await rest).toHaveLength(0);
    socket.destroy();
  });

  it('lets a request under way have its answer', async () => {
    const asked = new Deferred<true>();
    const answer = new Deferred<{ contentType: string; body: string }>();
    const { server, port } = await startServer({
      scrape: async () => {
        asked.resolve(true);
        return answer.promise;
      },
      timeouts: { close: 60_000 },
    });
    const reply = get(port, '/metrics');
    await asked.promise;
    const closed = server.close();
    answer.resolve({ contentType: 'text/plain', body: 'late 1\n' });
    expect(await reply).toMatchObject({ status: 200, body: 'late 1\n' });
    await closed;
    await expect(get(port, '/healthz')).rejects.toThrow('fetch failed');
  });

  it('does not wait for ever for one that gets none', async () => {
    const asked = new Deferred<true>();
    const { server, port } = await startServer({
      scrape: async () => {
        asked.resolve(true);
        return new Promise(() => {});
      },
      timeouts: { close: 30 },
    });
    const reply = get(port, '/metrics');
    reply.catch(() => {});
    await asked.promise;
    await server.close();
    await expect(reply).rejects.toThrow('fetch failed');
  });

  it('may be called again', async () => {
    const { server } = await startServer();
    await server.close();
    await expect(server.close()).resolves.toBeUndefined();
  });
});
