/**
 * Process: both ends of the traffic. Its argument: the Work, in JSON. Ready with the port of the endpoint; then answers, one
 * question at a time: connect NAME PORT, run NAME EXCHANGES (with the seconds it took), close NAME; and connectPaced NAME
 * PORT, pace NAME PER-SECOND SECONDS (with p50 and p99 of the latencies, in milliseconds).
 */
import { Client } from './client.mjs';
import { createEndpoint } from './endpoint.mjs';
import { listen } from './listen.mjs';
import { Traffic } from './messages.mjs';
import { PacedClient } from './paced-client.mjs';
import { serve } from './serve.mjs';

/** @import { Work } from './messages.mjs' */

/** @type {Work} */
const work = JSON.parse(process.argv[2] ?? '');

/** By link. @type {Map<number, Traffic>} */
const traffic = new Map();
/** By link, if the proxy is a relay: it has one connection to each address. @type {number[]} */
const endpointPorts = [];

/** @param {number} link */
function trafficOf(link) {
  let made = traffic.get(link);
  if (made === undefined) {
    if (work.relayed) throw new Error(`link ${link} did not send`);
    made = new Traffic(work, link, {
      client: 'client.example.com:49154',
      endpoint: 'endpoint.example.com:2855',
      relay: null,
    });
    traffic.set(link, made);
  }
  return made;
}

/** @param {number} proxyPort @returns {(link: number, localPort: number) => Traffic} */
function trafficOver(proxyPort) {
  if (!work.relayed) return trafficOf;
  return (link, localPort) => {
    const [client, endpoint, relay] = [localPort, endpointPorts[link], proxyPort].map((port) => `127.0.0.1:${port}`);
    const made = new Traffic(work, link, { client: `${client}`, endpoint: `${endpoint}`, relay: `${relay}` });
    traffic.set(link, made);
    return made;
  };
}

/** @param {Error} error */
function fail(error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

/** @type {Map<string | number | undefined, Client>} */
const clients = new Map();
/** @type {Map<string | number | undefined, PacedClient>} */
const pacedClients = new Map();

/**
 * @template T
 * @param {Map<string | number | undefined, T>} map
 * @param {string | number | undefined} name
 */
function get(map, name) {
  const found = map.get(name);
  if (found === undefined) throw new Error(`${name} is not connected`);
  return found;
}

/** @param {readonly number[]} sorted @param {number} share */
const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const port = await listen(createEndpoint(work, trafficOf, fail));
if (work.relayed) {
  for (let link = 0; link < work.links; link += 1)
    endpointPorts.push(await listen(createEndpoint(work, trafficOf, fail)));
}

serve(port, {
  connect: async (name, proxyPort) => {
    const made = new Client(work, fail);
    clients.set(name, made);
    await made.connect(Number(proxyPort), trafficOver(Number(proxyPort)));
    return [];
  },
  run: async (name, exchanges) => {
    const start = performance.now();
    await get(clients, name).run(Number(exchanges));
    return [(performance.now() - start) / 1_000];
  },
  connectPaced: async (name, proxyPort) => {
    const made = new PacedClient(work, fail);
    pacedClients.set(name, made);
    await made.connect(Number(proxyPort), trafficOver(Number(proxyPort)));
    return [];
  },
  pace: async (name, perSecond, seconds) => {
    const latencies = await get(pacedClients, name).run(Number(perSecond), Number(seconds));
    return [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  },
  close: async (name) => {
    await clients.get(name)?.close();
    await pacedClients.get(name)?.close();
    clients.delete(name);
    pacedClients.delete(name);
    return [];
  },
});
