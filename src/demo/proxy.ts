import { writeFile } from 'node:fs/promises';
import { App } from '../app.js';
import { readConfig } from '../config.js';
import { type Endpoint, formatEndpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import { createLog } from '../lib/log.js';
import { LogStream } from '../lib/log-stream.js';

interface Ports {
  readonly msrp: number;
  readonly httpd: number;
}

/** The usual ports where they are free, as on most machines; else any (0). */
const PORTS: readonly Ports[] = [
  { msrp: 2855, httpd: 8888 },
  { msrp: 2855, httpd: 0 },
  { msrp: 0, httpd: 8888 },
  { msrp: 0, httpd: 0 },
];

/**
 * Starts the proxy as `msrptap run` does, from a configuration that it writes.
 * @param file where the configuration goes
 * @throws MsrptapError listen_failed
 */
export async function startProxy(file: string, upstream: Endpoint, hep: Endpoint): Promise<App> {
  let failure: unknown;
  for (const ports of PORTS) {
    await writeFile(file, configuration(ports, upstream, hep));
    try {
      return await startFrom(file);
    } catch (error) {
      if (!(error instanceof MsrptapError) || error.code !== 'listen_failed') throw error;
      failure = error;
    }
  }
  throw failure;
}

async function startFrom(file: string): Promise<App> {
  const config = readConfig(file);
  const stream = new LogStream();
  const log = createLog(config.log.level, stream);
  return App.start({ config, log, logLinesDropped: () => stream.dropped });
}

function configuration({ msrp, httpd }: Ports, upstream: Endpoint, hep: Endpoint): string {
  return `listeners:
  - socket: msrp:127.0.0.1:${msrp}
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
  ip: 127.0.0.1
  port: ${httpd}
# What is not as it should be; info tells more, but would stand between the packets.
log:
  level: warn
`;
}
