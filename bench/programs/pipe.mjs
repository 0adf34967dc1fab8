/**
 * Process: what a proxy in Node costs before it does anything: two sockets, piped. Its arguments: the port of the next hop,
 * and for TLS on both sides the folder of cert.pem and key.pem. Ready with its own port.
 */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { listen } from './listen.mjs';
import { serve } from './serve.mjs';

/** @import { Socket } from 'node:net' */

const [, , upstreamPort, folder] = process.argv;
const to = { host: '127.0.0.1', port: Number(upstreamPort) };

/** @param {() => Socket} dial @returns {(downstream: Socket) => void} */
const pipeTo = (dial) => (downstream) => {
  const upstream = dial().setNoDelay(true);
  downstream.pipe(upstream).pipe(downstream);
};

function server() {
  const options = { noDelay: true, allowHalfOpen: true };
  if (folder === undefined)
    return createTcpServer(
      options,
      pipeTo(() => connectTcp({ ...to, allowHalfOpen: true })),
    );
  const cert = readFileSync(join(folder, 'cert.pem'));
  const key = readFileSync(join(folder, 'key.pem'));
  return createTlsServer(
    { ...options, cert, key },
    pipeTo(() => connectTls({ ...to, ca: cert })),
  );
}

serve(await listen(server()), {});
