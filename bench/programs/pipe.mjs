/**
 * Process: what a TCP proxy in Node costs before it does anything: two sockets, piped. The next hop's port is the
 * argument. Says { port } once.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { serve } from './serve.mjs';

const upstreamPort = Number(process.argv[2]);

const server = createServer({ noDelay: true, allowHalfOpen: true }, (downstream) => {
  const upstream = connect({ host: '127.0.0.1', port: upstreamPort, noDelay: true, allowHalfOpen: true });
  downstream.pipe(upstream).pipe(downstream);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('the pipe has no port');

serve({});
process.send?.({ port: address.port });
