import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below 32768 the kernel gives no port to those who ask for any (net.ipv4.ip_local_port_range): so neither a server of another
 * test nor a client has it by chance a moment later.
 */
const PORTS = { from: 12_000, to: 32_000 };
const given = new Set<number>();

/** A port that nobody listens on, for a server that comes later or never. */
export async function freePort(ip = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (given.has(port) || !(await isFree(ip, port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
