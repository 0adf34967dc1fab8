import type { Config, HepId } from '../config.js';
import { formatHostPort, isLoopback } from '../lib/address.js';

/** Tracing that does nothing, that Homer cannot store, and that shows more than it should, or to others. */
export function traceRisks(config: Config): string[] {
  return [...idleTracing(config), ...unstorable(config), ...privacy(config)];
}

function idleTracing({ proto_msrp }: Config): string[] {
  if (proto_msrp.trace_destination.length > 0) return [];
  const risks: string[] = [];
  if (proto_msrp.trace_on === 1) {
    risks.push('proto_msrp.trace_on: 1 without trace_destination traces nothing; set trace_destination to a hep_id');
  }
  if (proto_msrp.trace_filter_route !== null) {
    risks.push(
      'proto_msrp.trace_filter_route: without trace_destination the route is never called; set trace_destination to a hep_id',
    );
  }
  return risks;
}

/** heplify-server writes both into JSON as they are; PostgreSQL then refuses the row, and all that came with it. */
function unstorable({ proto_msrp, proto_hep }: Config): string[] {
  if (proto_msrp.trace_destination.length === 0) return [];
  return (['hep_node_name', 'hep_auth_key'] as const)
    .filter((key) => /["\\]/.test(proto_hep[key] ?? ''))
    .map((key) => `proto_hep.${key}: with " or \\ in it, Homer's heplify-server stores nothing; take one without them`);
}

function privacy({ proto_msrp, proto_hep }: Config): string[] {
  const risks: string[] = [];
  const used = proto_hep.hep_id.filter(({ name }) => proto_msrp.trace_destination.includes(name));
  if (proto_msrp.trace_body === 'full' && used.length > 0) {
    risks.push(
      'proto_msrp.trace_body: full mirrors every file and picture that users send, and HEP receivers keep them; set text, or headers',
    );
  }
  for (const destination of used.filter(inClear)) {
    const where = `${destination.name} (${destination.transport} to ${formatHostPort(destination)})`;
    if (proto_msrp.trace_body !== 'headers') {
      risks.push(
        `proto_hep.hep_id: ${where} gets the text of chats in clear over the network; set transport=tls, or trace_body: headers`,
      );
    }
    if (proto_hep.hep_auth_key !== undefined) {
      risks.push(`proto_hep.hep_auth_key: goes in clear to ${where}; set transport=tls`);
    }
  }
  return risks;
}

function inClear({ transport, host }: HepId): boolean {
  return transport !== 'tls' && !isLoopback(host);
}
