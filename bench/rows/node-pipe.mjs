/** Two sockets, piped: what Node alone costs. */

/** @type {import('./row.mjs').Row} */
export const nodePipe = {
  name: 'Node pipe',
  async start({ processes, upstreamPort }) {
    const program = processes.startNode('the Node pipe', 'proxy', 'pipe.mjs', [String(upstreamPort)]);
    const port = await program.answer();
    return {
      pid: program.pid,
      port,
      settle: async () => {},
      end: async () => void (await program.end()),
    };
  },
};
