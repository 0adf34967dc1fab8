/** The least that a proxy in Node can be: `node pipe.mjs PORT` listens on a free port and pipes to PORT of 127.0.0.1. */
import { connect, createServer } from 'node:net';

const server = createServer((downstream) => {
  const upstream = connect({ host: '127.0.0.1', port: Number(process.argv[2]), noDelay: true });
  downstream.setNoDelay(true);
  downstream.pipe(upstream).pipe(downstream);
  downstream.on('error', () => upstream.destroy());
  upstream.on('error', () => downstream.destroy());
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
