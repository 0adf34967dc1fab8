/** What the kernel says of a connection that stands, which no test can bring about: it would take minutes, or a broken machine. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Buffers } from '#src/net/buffers.js';
import { Connection } from '#src/net/connection.js';
import { configWith } from '../helpers/config.js';

async function connected(): Promise<{ readonly raw: Socket; readonly failure: Promise<string> }> {
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection');
  const client = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void client.destroy());
  const [raw] = (await accepted) as [Socket];
  const failure = new Promise<string>((resolve) => {
    new Connection('downstream', raw, raw, null, {
      send_timeout: 0,
      buffers: new Buffers(() => configWith('').limits),
    }).open({
      onRead: () => {},
      onEnd: () => {},
      onDrain: () => {},
      onFailure: (reason, detail) => resolve(`${reason}: ${detail}`),
      onClosed: () => resolve('closed without a reason'),
    });
  });
  return { raw, failure };
}

test.each([
  ['ETIMEDOUT', 'timed_out'],
  ['EHOSTUNREACH', 'timed_out'],
  ['ENETUNREACH', 'timed_out'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['ENOBUFS', 'socket_error'],
  ['EIO', 'socket_error'],
])('%s is %s', async (code, reason) => {
  const { raw, failure } = await connected();
  raw.destroy(Object.assign(new Error(`read ${code}`), { code }));
  expect(await failure).toBe(`${reason}: read ${code}`);
});
