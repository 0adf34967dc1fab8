/** Ports of programs that can neither pick one nor say when they listen. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setInterval } from 'node:timers/promises';

/** @import { Program } from '../processes.mjs' */

/** Milliseconds between two looks whether it listens. */
const LOOK = 20;

/**
 * Below 32768 the kernel gives no port to those who ask for any (net.ipv4.ip_local_port_range): nobody has it before the program,
 * not even the socket that looks whether it listens.
 */
const PORTS = /** @type {const} */ ([12_000, 32_000]);

export async function freePort() {
  for (;;) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
}

/** @param {number} port on 127.0.0.1 */
async function isFree(port) {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** @param {number} port on 127.0.0.1 @param {Program} program @throws {Error} it ended instead */
export async function listening(port, program) {
  for await (const _ of setInterval(LOOK)) {
    if (!program.running) throw new Error(`${program.name} does not start`);
    if (await accepts(port)) return;
  }
}

/** @param {number} port */
async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
