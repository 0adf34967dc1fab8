import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Endpoint } from '#src/lib/address.js';

/** A socket that was free a moment ago, for what cannot be asked where it is. */
export async function freeSocket(): Promise<Endpoint> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { ip: '127.0.0.1', port };
}

/** The same, of UDP. */
export async function freeDatagramSocket(): Promise<Endpoint> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return { ip: '127.0.0.1', port };
}
