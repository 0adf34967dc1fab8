/**
 * Process: both ends of the traffic. Says { endpointPort } once, then answers
 * { connect: NAME, port }, { run: NAME, exchanges } and { close: NAME }, one at a time.
 */
import { once } from 'node:events';
import { Client } from './client.mjs';
import { createEndpoint, figures } from './endpoint.mjs';
import { serve } from './serve.mjs';

/** @type {Map<string, Client>} */
const clients = new Map();

/** @param {Error} error */
const fail = (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
};

const endpoint = createEndpoint(fail);
endpoint.listen(0, '127.0.0.1');
await once(endpoint, 'listening');
const address = endpoint.address();
if (address === null || typeof address === 'string') throw new Error('the endpoint has no port');

/** @param {string} name */
function client(name) {
  const found = clients.get(name);
  if (found === undefined) throw new Error(`${name} is not connected`);
  return found;
}

serve({
  connect: async (/** @type {string} */ name, { port }) => {
    const made = new Client(fail);
    clients.set(name, made);
    await made.connect(port);
    return {};
  },
  run: async (/** @type {string} */ name, { exchanges }) => {
    const before = figures.reads;
    const start = performance.now();
    await client(name).run(exchanges);
    return { seconds: (performance.now() - start) / 1_000, reads: figures.reads - before };
  },
  close: async (/** @type {string} */ name) => {
    await client(name).close();
    clients.delete(name);
    return {};
  },
});
process.send?.({ endpointPort: address.port });
