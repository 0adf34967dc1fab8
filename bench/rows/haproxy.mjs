/** HAProxy in TCP mode: what the same bytes cost a proxy in C that does not look at them. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setInterval } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listen } from '../programs/listen.mjs';

/** @import { Row } from './row.mjs' */
/** @import { Program } from '../processes.mjs' */

/** Debian has it in sbin, which is on root's PATH only. */
const PLACES = ['haproxy', '/usr/sbin/haproxy'];
const CONFIG = fileURLToPath(new URL('../haproxy.cfg', import.meta.url));
/** Milliseconds between two looks whether it listens; it does not tell. */
const LOOK = 20;

/** @returns {{ readonly file: string, readonly version: string } | null} null: it is not installed */
export function findHaproxy() {
  for (const file of PLACES) {
    const { status, stdout } = spawnSync(file, ['-v'], { encoding: 'utf8' });
    if (status === 0) return { file, version: /version (\S+)/.exec(stdout)?.[1] ?? 'unknown' };
  }
  return null;
}

/** @param {string} file @returns {Row} */
export function haproxy(file) {
  return {
    name: 'HAProxy',
    async start({ processes, upstreamPort }) {
      const port = await freePort();
      const program = processes.start('HAProxy', 'proxy', [file, '-db', '-f', CONFIG], {
        BENCH_LISTEN_PORT: String(port),
        BENCH_UPSTREAM_PORT: String(upstreamPort),
      });
      await listening(port, program);
      return {
        pid: program.pid,
        port,
        settle: async () => {},
        end: async () => void (await program.end()),
      };
    },
  };
}

/** HAProxy cannot say which port 0 has become. */
async function freePort() {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, 'close');
  return port;
}

/** @param {number} port @param {Program} program */
async function listening(port, program) {
  for await (const _ of setInterval(LOOK)) {
    if (!program.running) throw new Error('HAProxy does not start');
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
