import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { QUIET_PORTS } from './quiet-ports.mjs';

/** One for each process that tests run in at the same time: a port that one has given, no other gives. */
const SHARES = 8;
const SHARE = Math.floor((QUIET_PORTS.to - QUIET_PORTS.from) / SHARES);

const from = QUIET_PORTS.from + ((Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) % SHARES) * SHARE;
let last = randomInt(SHARE);

/**
 * A port of TCP and UDP that nobody listens on, and that nobody else will: for servers that come later, come back or never are.
 * It is given again after all others.
 */
export async function freePort(ip = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < SHARE; tries += 1) {
    last = (last + 1) % SHARE;
    const port = from + last;
    if (await isFree(ip, port)) return port;
  }
  throw new Error(`each port from ${from} to ${from + SHARE - 1} is taken at ${ip}`);
}

async function isFree(ip: string, port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
  try {
    server.listen({ host: ip, port });
    await once(server, 'listening');
    socket.bind({ address: ip, port });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    const closed = Promise.all([server.listening ? once(server, 'close') : null, once(socket, 'close')]);
    server.close();
    socket.close();
    await closed;
  }
}
