/** HAProxy in TCP mode: what the same bytes cost a proxy in C that does not look at them. */
import { fileURLToPath } from 'node:url';
import { freePort, listening } from './listening.mjs';

/** @import { Peer } from './peer.mjs' */

/** @param {string} file the program @returns {Peer} TLS on both sides if the work says so */
export function haproxy(file) {
  return {
    name: 'HAProxy',
    async start({ processes, upstreamPort, work: { tls } }) {
      const port = await freePort();
      const config = fileURLToPath(new URL(tls === null ? 'haproxy-tcp.cfg' : 'haproxy-tls.cfg', import.meta.url));
      const program = processes.start('HAProxy', 'proxy', [file, '-db', '-f', config], {
        BENCH_LISTEN_PORT: String(port),
        BENCH_UPSTREAM_PORT: String(upstreamPort),
        BENCH_TLS: tls ?? '',
      });
      await listening(port, program);
      return {
        pids: [program.pid],
        port,
        settle: async () => {},
        end: async () => void (await program.end()),
      };
    },
  };
}
