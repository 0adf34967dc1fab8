/** Kamailio's msrp module: what the same SENDs cost a relay in C, which reads and rewrites their paths. */
import { fileURLToPath } from 'node:url';
import { descendants } from '../cpu.mjs';
import { freePort } from './listening.mjs';

/** @import { Peer } from './peer.mjs' */

const CONFIG = fileURLToPath(new URL('kamailio.cfg', import.meta.url));
/** MiB, shared and of each process. */
const MEMORY = ['-m', '64', '-M', '16'];

/** @param {string} file the program @returns {Peer} */
export function kamailio(file) {
  return {
    name: 'Kamailio',
    async start({ processes, folder }) {
      const port = await freePort();
      const files = ['-f', CONFIG, '-Y', folder, '-w', folder, '-P', `${folder}/kamailio.pid`];
      const command = [file, ...files, '-l', `tcp:127.0.0.1:${port}`, '-DD', '-E', ...MEMORY];
      const program = processes.start('Kamailio', 'proxy', command);
      await program.says(/ ready$/m);
      return {
        pids: [program.pid, ...descendants(program.pid)],
        port,
        settle: async () => {},
        end: async () => void (await program.end()),
      };
    },
  };
}
