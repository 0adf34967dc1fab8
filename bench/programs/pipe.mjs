/**
 * Process: what a TCP proxy in Node costs before it does anything: two sockets, piped. Its argument: the port of the next
 * hop. Ready with its own port.
 */
import { connect, createServer } from 'node:net';
import { listen } from './listen.mjs';
import { serve } from './serve.mjs';

const upstreamPort = Number(process.argv[2]);

const server = createServer({ noDelay: true, allowHalfOpen: true }, (downstream) => {
  const upstream = connect({ host: '127.0.0.1', port: upstreamPort, noDelay: true, allowHalfOpen: true });
  downstream.pipe(upstream).pipe(downstream);
});

serve(await listen(server), {});
