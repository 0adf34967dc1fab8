/** Ports of programs that can neither pick one nor say when they listen. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setInterval } from 'node:timers/promises';
import { listen } from '../programs/listen.mjs';

/** @import { Program } from '../processes.mjs' */

/** Milliseconds between two looks whether it listens. */
const LOOK = 20;

export async function freePort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
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
