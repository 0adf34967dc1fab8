import { writeFile } from 'node:fs/promises';
import { App } from '../app.js';
import { readConfig } from '../config.js';
import { type Endpoint, formatEndpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import { createLog } from '../lib/log.js';
import type { LogStream } from '../lib/log-stream.js';

export interface RunningProxy {
  readonly app: App;
  readonly address: Endpoint;
}

const HOST = '127.0.0.1';

interface Ports {
  readonly msrp: number;
  readonly httpd: number;
}

const USUAL_PORTS: Ports = { msrp: 2855, httpd: 8888 };
/** Where they are taken; 0 is any free one. */
const OTHER_PORTS: readonly Ports[] = [
  { msrp: 2855, httpd: 0 },
  { msrp: 0, httpd: 8888 },
  { msrp: 0, httpd: 0 },
];

/**
 * Starts the proxy as `msrptap run` does, from a configuration that it writes.
 * @param file where the configuration goes
 * @param stream where its log goes
 * @throws MsrptapError listen_failed
 */
export async function startProxy(
  file: string,
  upstream: Endpoint,
  hep: Endpoint,
  stream: LogStream,
): Promise<RunningProxy> {
  const startOn = async (ports: Ports, others: readonly Ports[]): Promise<RunningProxy> => {
    await writeFile(file, configuration(ports, upstream, hep));
    try {
      return await startFrom(file, stream);
    } catch (error) {
      const [next, ...rest] = others;
      const isTaken = error instanceof MsrptapError && error.code === 'listen_failed';
      if (next === undefined || !isTaken) throw error;
      return startOn(next, rest);
    }
  };
  return startOn(USUAL_PORTS, OTHER_PORTS);
}

async function startFrom(file: string, stream: LogStream): Promise<RunningProxy> {
  const config = readConfig(file);
  const log = createLog(config.log.level, stream);
  const app = await App.start({ config, log, logLinesDropped: () => stream.dropped });
  const port = Number(app.sockets[0]?.split(':').at(-1));
  return { app, address: { ip: HOST, port } };
}

function configuration({ msrp, httpd }: Ports, upstream: Endpoint, hep: Endpoint): string {
  return `listeners:
  - socket: msrp:${HOST}:${msrp}
    upstream: msrp:${formatEndpoint(upstream)}
proto_msrp:
  # OpenSIPS' defaults (100, 100, 4) close healthy connections on real networks.
  send_timeout: 10000
  tls_handshake_timeout: 5000
  max_msg_chunks: 64
  trace_on: 1
  trace_destination: homer
proto_hep:
  hep_id:
    - "[homer]${formatEndpoint(hep)};transport=tcp;version=3"
  hep_node_name: demo
httpd:
  ip: ${HOST}
  port: ${httpd}
# What is not as it should be; info tells more, but would stand between the packets.
log:
  level: warn
`;
}
