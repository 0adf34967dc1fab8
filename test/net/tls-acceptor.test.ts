import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { TlsAcceptor, newTicketKeys } from '#src/net/tls-acceptor.js';

const near = { ip: '127.0.0.1', port: 2856 };

/** A connection as a listener accepts it, from another port than its own when that is given. */
async function accepted(remotePort?: number): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void client.destroy());
  const [raw] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void raw.destroy());
  Object.defineProperty(raw, 'localPort', { value: near.port });
  if (remotePort !== undefined) Object.defineProperty(raw, 'remotePort', { value: remotePort });
  return raw;
}

test('a client that comes back from the same port ends the handshake that it left: both are told, once', async () => {
  const told: string[] = [];
  const acceptor = new TlsAcceptor({ domainFor: () => null, expiries: [] }, 10_000, newTicketKeys(), {
    onSecured: () => {},
    onFailure: ({ far }, reason) => void told.push(`${far.port} ${reason}`),
  });
  const [first, second] = [await accepted(7), await accepted(7)];
  acceptor.accept({ raw: first, near, far: { ip: '127.0.0.1', port: 1 }, proxied: null });
  acceptor.accept({ raw: second, near, far: { ip: '127.0.0.1', port: 2 }, proxied: null });
  expect(told).toEqual(['1 reset']);
  expect(first.destroyed).toBe(true);
  await once(first, 'close');
  expect(acceptor.size).toBe(1);
  const closed = once(second, 'close');
  acceptor.close();
  await closed;
  expect(told).toEqual(['1 reset', '2 drained']);
  expect(acceptor.size).toBe(0);
});
