/**
 * Process: both ends of the traffic. Its argument: how many messages go into one write at most. Ready with the port of the
 * endpoint; then answers, one question at a time: connect NAME PORT, run NAME EXCHANGES (with the seconds it took),
 * close NAME.
 */
import { Client } from './client.mjs';
import { createEndpoint } from './endpoint.mjs';
import { listen } from './listen.mjs';
import { serve } from './serve.mjs';

const perWrite = Number(process.argv[2]);

/** @type {Map<string | number | undefined, Client>} */
const clients = new Map();

/** @param {string | number | undefined} name */
function client(name) {
  const found = clients.get(name);
  if (found === undefined) throw new Error(`${name} is not connected`);
  return found;
}

/** @param {Error} error */
function fail(error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

serve(await listen(createEndpoint(perWrite, fail)), {
  connect: async (name, port) => {
    const made = new Client(perWrite, fail);
    clients.set(name, made);
    await made.connect(Number(port));
    return 0;
  },
  run: async (name, exchanges) => {
    const start = performance.now();
    await client(name).run(Number(exchanges));
    return (performance.now() - start) / 1_000;
  },
  close: async (name) => {
    await client(name).close();
    clients.delete(name);
    return 0;
  },
});
