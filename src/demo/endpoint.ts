import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { endpoint, type Endpoint } from '../lib/address.js';
import { echoOf, reportOn, responseTo } from './answers.js';
import { Peer } from './peer.js';

export interface RunningEndpoint {
  readonly address: Endpoint;
  close(): Promise<void>;
}

/** More than anybody tries by hand. */
const MAX_CONNECTIONS = 256;

/** An MSRP endpoint on a free port of loopback: takes every session, answers, reports, and echoes chats. */
export async function startEndpoint(): Promise<RunningEndpoint> {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    const peer = new Peer(socket, ({ message, body }) => {
      if (message.kind === 'response') return;
      for (const answer of [responseTo(message), reportOn(message), echoOf(message, body)]) {
        if (answer !== null) peer.write(answer);
      }
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = server.address();
  return {
    address: typeof own === 'object' && own !== null ? endpoint(own.address, own.port) : endpoint('', 0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.destroy();
      }),
  };
}
