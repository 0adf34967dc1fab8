/** msrptap as it ships. The HEP sink proves that what was paid for was done. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { descendants } from '../cpu.mjs';

/** @import { MsrptapProxy, Peer, Setting } from './peer.mjs' */

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** Milliseconds for a worker that is not scheduled to tell what it has sent, and between two looks. */
const PATIENCE = 10_000;
const LOOK = 50;

/** ACCEPTED and CONNECTED. */
const OPENING_EVENTS_PER_LINK = 2;
/** CLOSED of each of its connections. */
const CLOSING_EVENTS_PER_LINK = 2;
/** The SEND and its 200. */
const MESSAGES_PER_EXCHANGE = 2;

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {boolean} isTraced
 * @property {'tcp' | 'udp'} transport of HEP
 * @property {'through' | 'both'} legs each message is mirrored once, or once for each connection
 * @property {number} workers processes that carry traffic
 */

/** @type {Variant} */
const TRACED = { name: 'msrptap, traced over TCP', isTraced: true, transport: 'tcp', legs: 'through', workers: 1 };

export const traced = msrptap(TRACED);
export const untraced = msrptap({ ...TRACED, name: 'msrptap, untraced', isTraced: false });
export const tracedBothLegs = msrptap({ ...TRACED, name: 'msrptap, traced over TCP, both legs', legs: 'both' });
export const tracedOverUdp = msrptap({ ...TRACED, name: 'msrptap, traced over UDP', transport: 'udp' });
const twoWorkers = { ...TRACED, name: 'msrptap, traced over TCP, two workers', workers: 2 };
export const tracedByTwo = msrptap(twoWorkers);

/**
 * Whether this version of msrptap knows workers.
 * @param {string} folder for a file
 */
export async function hasWorkers(folder) {
  const file = join(folder, 'check-workers.yaml');
  await writeFile(file, configuration(twoWorkers, 2_855, 9_060, null));
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'check', '-f', file], { encoding: 'utf8' });
  return !/\bworkers\b/.test(stdout + stderr);
}

/** @param {Variant} variant @returns {Peer<MsrptapProxy>} */
function msrptap(variant) {
  return { name: variant.name, start: (setting) => start(variant, setting) };
}

/**
 * @param {Variant} variant
 * @param {Setting} setting
 * @returns {Promise<MsrptapProxy>}
 */
async function start(variant, { processes, upstreamPort, work, folder }) {
  const { name, isTraced, transport, legs } = variant;
  const sink = processes.startNode(`the HEP sink of ${name}`, 'load', 'hep-sink.mjs', [transport]);
  const sinkPort = await sink.port();
  const file = join(folder, `msrptap-${sinkPort}.yaml`);
  await writeFile(file, configuration(variant, upstreamPort, sinkPort, work.tls));

  const begin = performance.now();
  const program = processes.start(name, 'proxy', [process.execPath, CLI, '-f', file]);
  const [line] = await program.says(/^.*"msg":"ready".*$/m);
  const readyAfter = (performance.now() - begin) / 1_000;
  /** @type {{ readonly sockets: readonly [string], readonly httpd: string }} */
  const { sockets, httpd } = JSON.parse(line);

  const packetsPerExchange = MESSAGES_PER_EXCHANGE * (legs === 'both' ? 2 : 1);
  /** @param {number} exchanges @param {number} eventsPerLink */
  const expected = (exchanges, eventsPerLink) =>
    isTraced ? exchanges * packetsPerExchange + work.links * eventsPerLink : 0;
  /** Over UDP the kernel may drop what msrptap has sent. @param {number | undefined} got @param {number} wanted */
  const compare = (got, wanted) => {
    if (got !== wanted && transport === 'tcp')
      throw new Error(`the HEP sink of ${name} got ${got} packets, not ${wanted}`);
  };
  return {
    readyAfter,
    pids: [program.pid, ...descendants(program.pid)],
    port: Number(/\d+$/.exec(sockets[0])?.[0]),
    settle: async (exchanges) => {
      const wanted = expected(exchanges, OPENING_EVENTS_PER_LINK);
      const [packets = 0] = await sink.ask('packets', wanted);
      if (packets < wanted) await allSent(httpd, wanted);
      compare(packets, wanted);
    },
    end: async (exchanges) => {
      const wanted = expected(exchanges, OPENING_EVENTS_PER_LINK + CLOSING_EVENTS_PER_LINK);
      await sink.ask('packets', wanted);
      await allSent(httpd, wanted);
      const status = await program.end();
      if (status !== 0) throw new Error(`${name} ended with status ${status}`);
      const [total] = await sink.ask('total');
      compare(total, wanted);
      await sink.end();
    },
  };
}

/**
 * The timeouts are those of the configurations that ship.
 * @param {Variant} variant
 * @param {number} upstreamPort
 * @param {number} sinkPort
 * @param {string | null} tls
 */
function configuration({ isTraced, transport, legs, workers }, upstreamPort, sinkPort, tls) {
  const scheme = tls === null ? 'msrp' : 'msrps';
  return `listeners:
  - socket: ${scheme}:127.0.0.1:0
    upstream: ${scheme}:127.0.0.1:${upstreamPort}
proto_msrp:
  send_timeout: 10000
  tls_handshake_timeout: 5000
  max_msg_chunks: 64
  trace_destination: sink
  trace_on: ${isTraced ? 1 : 0}
  trace_legs: ${legs}
proto_hep:
  # The sink shares a processor with the load, and must not lose what it is too slow for.
  hep_queue_bytes: 536870912
  hep_id:
    - "[sink]127.0.0.1:${sinkPort};transport=${transport};version=3"
httpd: { ip: 127.0.0.1, port: 0 }
workers: ${workers}
${tls === null ? '' : domains(tls)}`;
}

/** @param {string} folder of cert.pem and key.pem */
function domains(folder) {
  return `tls_mgm:
  server_domain:
    bench: { certificate: "${folder}/cert.pem", private_key: "${folder}/key.pem", verify_cert: 0, require_cert: 0 }
  client_domain:
    bench: { ca_list: "${folder}/cert.pem" }
`;
}

/** @param {string} httpd @param {number} packets @throws {Error} its metrics tell of lost HEP packets, or of fewer than so many */
async function allSent(httpd, packets) {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const count = await hepPackets(httpd);
    for (const result of ['dropped', 'failed', 'maybe']) {
      if (count(result) !== 0) throw new Error(`msrptap's HEP packets, ${result}: ${count(result)}`);
    }
    if (count('sent') >= packets) return;
    if (performance.now() > until) throw new Error(`msrptap sent ${count('sent')} HEP packets, not ${packets}`);
    await rest(LOOK);
  }
}

/** What became of its HEP packets so far, by the result. @param {string} httpd */
async function hepPackets(httpd) {
  // On a connection that was kept, a request may cross its end.
  const response = await fetch(`http://${httpd}/metrics`, { headers: { Connection: 'close' } });
  const metrics = await response.text();
  return (/** @type {string} */ result) => {
    const sample = new RegExp(`^msrptap_hep_packets_total\\{destination="sink",result="${result}"\\} (\\S+)$`, 'm');
    return Number(sample.exec(metrics)?.[1]);
  };
}
