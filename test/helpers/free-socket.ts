import type { Endpoint } from '#src/lib/address.js';
import { freePort } from './free-port.js';

const IP = '127.0.0.1';

/** A socket of TCP and UDP that nobody listens on, for what cannot be asked where it is. */
export async function freeSocket(): Promise<Endpoint> {
  return { ip: IP, port: await freePort(IP) };
}
