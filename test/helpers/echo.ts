import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { Peer } from './endpoint.js';
import { freePort } from './free-port.js';
import { Chat } from './wire.js';

/** A next hop that sends back what it gets; its `upstream`. */
export async function startEcho(): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).pipe(socket));
  server.listen(await freePort(), '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `msrp:127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function expectEcho(peer: Peer, text: string): Promise<void> {
  const bytes = new Chat().ask(text);
  peer.send(bytes);
  expect((await peer.receive(bytes.length)).equals(bytes)).toBe(true);
}
