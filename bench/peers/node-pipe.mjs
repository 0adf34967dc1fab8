/** Two sockets, piped: what Node alone costs. */

/** @type {import('./peer.mjs').Peer} TLS on both sides if the work says so */
export const nodePipe = {
  name: 'Node pipe',
  async start({ processes, upstreamPort, work: { tls } }) {
    const args = [String(upstreamPort), ...(tls === null ? [] : [tls])];
    const program = processes.startNode('the Node pipe', 'proxy', 'pipe.mjs', args);
    const port = await program.port();
    return {
      pids: [program.pid],
      port,
      settle: async () => {},
      end: async () => void (await program.end()),
    };
  },
};
