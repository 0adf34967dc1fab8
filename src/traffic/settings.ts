/** What the parts take of a configuration. */
import type { Config } from '../config.js';
import { workerLimits } from '../config/worker-limits.js';
import type { ExporterSettings } from '../hep/exporter.js';
import type { PacketIdentity } from '../hep/packet.js';
import type { SpoolOptions } from '../hep/spool.js';
import type { DestinationConfig } from '../hep/transport.js';
import type { ClientTls } from '../net/client-tls.js';
import type { ServerTls } from '../net/server-tls.js';
import type { ProxyListener, ProxyOptions } from '../proxy/proxy.js';
import type { TracerOptions } from '../trace/core.js';

/** What may wait for a route's answer or a session, however small the queues of the destinations are. */
const MIN_WAITING_BYTES = 1_048_576;

export function listenersOf({ listeners }: Config, tls: ServerTls): readonly ProxyListener[] {
  return listeners.map((each) => ({ ...each, tls: each.proto === 'msrps' ? tls : null }));
}

/** @param slot which worker this is, from 1 on */
export function proxyOptionsOf(config: Config, ticketKeys: Buffer, slot: number): ProxyOptions {
  const { proto_msrp, to_path } = config;
  return { ...proto_msrp, limits: workerLimits(config), ticketKeys, firstTurn: slot - 1, to_path };
}

export function tracerOptionsOf(config: Config): TracerOptions {
  const { proto_msrp, proto_hep } = config;
  const { failure_events } = workerLimits(config);
  return {
    ...proto_msrp,
    ...proto_hep,
    waiting_bytes: Math.max(proto_hep.hep_queue_bytes, MIN_WAITING_BYTES),
    failure_events: () => failure_events,
  };
}

export function exporterSettingsOf(config: Config, clientTls: ClientTls, slot: number): ExporterSettings {
  const { proto_hep, workers } = config;
  return {
    identity: identity(config),
    queueBytes: proto_hep.hep_queue_bytes,
    // Each worker has connections to the destinations of its own.
    maxRate: proto_hep.hep_max_rate / workers,
    policy: proto_hep.hep_policy,
    spool: spoolOptions(config, slot),
    destinations: destinations(config, clientTls),
  };
}

function identity({ proto_hep }: Config): PacketIdentity {
  const { hep_capture_id, hep_node_name, hep_auth_key } = proto_hep;
  return {
    captureId: hep_capture_id,
    ...(hep_node_name === undefined ? {} : { nodeName: hep_node_name }),
    ...(hep_auth_key === undefined ? {} : { authKey: hep_auth_key }),
  };
}

function spoolOptions({ proto_hep: { hep_spool }, workers }: Config, slot: number): SpoolOptions | null {
  return hep_spool === null ? null : { dir: hep_spool.dir, maxBytes: hep_spool.max_bytes, slot, workers };
}

/** The hep_ids that trace_destination names, in its order. */
function destinations({ proto_msrp, proto_hep }: Config, clientTls: ClientTls): DestinationConfig[] {
  return proto_msrp.trace_destination
    .flatMap((wanted) => proto_hep.hep_id.filter(({ name }) => name === wanted))
    .map((hepId) => ({
      ...hepId,
      tls: (address) => {
        const { options, verify_cert, checkServer } = clientTls(address, hepId.host);
        return { ...options, rejectUnauthorized: verify_cert === 1, checkServer };
      },
    }));
}
