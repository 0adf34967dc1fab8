import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from '#src/lib/address.js';
import { freePort } from './free-port.js';

const IP = '127.0.0.1';

/** A socket that nobody listens on, for what cannot be asked where it is. */
export async function freeSocket(): Promise<Endpoint> {
  return { ip: IP, port: await freePort(IP) };
}

/** The same, of UDP. */
export async function freeDatagramSocket(): Promise<Endpoint> {
  for (;;) {
    const socket = createSocket('udp4');
    try {
      const { ip, port } = await freeSocket();
      socket.bind(port, ip);
      await once(socket, 'listening');
      return { ip, port };
    } catch {
      // Somebody has it.
    } finally {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    }
  }
}
