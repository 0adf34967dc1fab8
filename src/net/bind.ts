import type { Server } from 'node:net';
import { type Endpoint, formatEndpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';

/**
 * The length of the kernel's accept queue: a burst of connects (a failover, a restart of a neighbour) waits there
 * instead of being refused. The kernel caps it at net.core.somaxconn.
 */
const BACKLOG = 4_096;

export interface ListenAt extends Endpoint {
  readonly proto: 'msrp' | 'msrps';
}

/**
 * Has a server listen on a `socket=` of the configuration.
 * @param inherited where one may be that is bound already
 * @returns where it listens, with the port that was bound
 * @throws MsrptapError listen_failed
 */
export async function bind(
  server: Server,
  { proto, ip, port }: ListenAt,
  inherited?: InheritedSockets,
): Promise<Endpoint> {
  const handle = inherited?.take({ ip, port });
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const where = `${proto}:${formatEndpoint({ ip, port })}`;
      reject(new MsrptapError('listen_failed', `listeners: cannot bind ${where}: ${explain(error)}`, { cause: error }));
    };
    server.once('error', failed);
    // With ipv6Only unset, [::] takes IPv4 too, as everywhere on Linux.
    const listening = (): void => {
      server.off('error', failed);
      resolve();
    };
    if (handle === undefined) server.listen({ host: ip, port, backlog: BACKLOG }, listening);
    else server.listen(handle, BACKLOG, listening);
  });
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? { ip: bound.address, port: bound.port } : { ip, port };
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'another process listens there already';
    case 'EADDRNOTAVAIL':
      return 'the machine has no such address';
    case 'EACCES':
      return 'ports below 1024 need the capability CAP_NET_BIND_SERVICE';
    default:
      return error.message;
  }
}
