/** msrptap as it ships, untraced and traced. The HEP sink proves that what was paid for was done. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LINKS } from '../programs/messages.mjs';

/** @import { Proxy, Row, Setting } from './row.mjs' */

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** ACCEPTED and CONNECTED of each link. */
const OPENING_EVENTS = 2 * LINKS;
/** CLOSED of each of its connections. */
const CLOSING_EVENTS = 2 * LINKS;
/** The SEND and its 200, each mirrored once. */
const PACKETS_PER_EXCHANGE = 2;

/** @type {Row} */
export const untraced = { name: 'msrptap, untraced', start: (setting) => start(setting, 'untraced', 0) };

/** @type {Row} */
export const traced = { name: 'msrptap, traced over TCP', start: (setting) => start(setting, 'traced', 1) };

/**
 * @param {Setting} setting
 * @param {string} name
 * @param {0 | 1} traceOn
 * @returns {Promise<Proxy>}
 */
async function start({ processes, upstreamPort, folder }, name, traceOn) {
  const sink = processes.startNode(`the HEP sink of msrptap (${name})`, 'load', 'hep-sink.mjs');
  const sinkPort = await sink.answer();
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, configuration(upstreamPort, sinkPort, traceOn));

  const program = processes.start(`msrptap (${name})`, 'proxy', [process.execPath, CLI, '-f', file]);
  const [line] = await program.says(/^.*"msg":"ready".*$/m);
  /** @type {{ readonly sockets: readonly [string], readonly httpd: string }} */
  const { sockets, httpd } = JSON.parse(line);

  /** @param {number} exchanges @param {number} events */
  const expected = (exchanges, events) => (traceOn === 1 ? exchanges * PACKETS_PER_EXCHANGE + events : 0);
  /** @param {number} got @param {number} wanted */
  const compare = (got, wanted) => {
    if (got !== wanted) throw new Error(`the HEP sink of msrptap (${name}) got ${got} packets, not ${wanted}`);
  };
  return {
    pid: program.pid,
    port: Number(/\d+$/.exec(sockets[0])?.[0]),
    settle: async (exchanges) => {
      const wanted = expected(exchanges, OPENING_EVENTS);
      const packets = await sink.ask('packets', wanted);
      if (packets < wanted) await noneLost(httpd);
      compare(packets, wanted);
    },
    end: async (exchanges) => {
      await noneLost(httpd);
      const status = await program.end();
      if (status !== 0) throw new Error(`msrptap (${name}) ended with status ${status}`);
      compare(await sink.ask('total'), expected(exchanges, OPENING_EVENTS + CLOSING_EVENTS));
      await sink.end();
    },
  };
}

/**
 * The timeouts are those of the configurations that ship.
 * @param {number} upstreamPort
 * @param {number} sinkPort
 * @param {0 | 1} traceOn
 */
function configuration(upstreamPort, sinkPort, traceOn) {
  return `listeners:
  - socket: msrp:127.0.0.1:0
    upstream: msrp:127.0.0.1:${upstreamPort}
proto_msrp:
  send_timeout: 10000
  tls_handshake_timeout: 5000
  max_msg_chunks: 64
  trace_destination: sink
  trace_on: ${traceOn}
proto_hep:
  hep_id:
    - "[sink]127.0.0.1:${sinkPort};transport=tcp;version=3"
httpd: { ip: 127.0.0.1, port: 0 }
`;
}

/** @param {string} httpd @throws {Error} its metrics tell of lost HEP packets */
async function noneLost(httpd) {
  const response = await fetch(`http://${httpd}/metrics`);
  const metrics = await response.text();
  for (const result of ['dropped', 'failed', 'maybe']) {
    const sample = new RegExp(`^msrptap_hep_packets_total\\{destination="sink",result="${result}"\\} (\\S+)$`, 'm');
    const count = sample.exec(metrics)?.[1];
    if (count !== '0') throw new Error(`msrptap's HEP packets, ${result}: ${count ?? 'not in its metrics'}`);
  }
}
