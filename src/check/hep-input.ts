import type { Config, HepId, HepInputConfig } from '../config.js';
import { canonicalIp, formatEndpoint, isEveryAddress, isLoopback } from '../lib/address.js';

/** SIP that is listened to in vain, or from people who should not be believed. */
export function hepInputRisks({ hep_input, proto_msrp, proto_hep }: Config): string[] {
  if (hep_input === null) return [];
  const risks: string[] = [];
  const { ip, transport, auth_key } = hep_input;
  const where = `${transport}:${formatEndpoint(hep_input)}`;
  if (proto_msrp.trace_destination.length === 0) {
    risks.push('hep_input: without trace_destination there is no trace to show with a call; set it, or leave this out');
  }
  if (!isLoopback(ip)) {
    const forged = transport === 'udp' ? 'whoever forges an address of from' : 'whoever has an address of from';
    const key = auth_key === null ? 'set auth_key if the sender can send one, and ' : '';
    risks.push(
      `hep_input: ${where} takes SIP in clear over the network, and ${forged} can put sessions with calls of his; ${key}keep that network to yourself`,
    );
  }
  for (const hepId of proto_hep.hep_id.filter((each) => leadsTo(each, hep_input))) {
    risks.push(`proto_hep.hep_id: ${hepId.name} is the own hep_input, which stores nothing; set the port of Homer`);
  }
  return risks;
}

function leadsTo({ host, port, transport }: HepId, input: HepInputConfig): boolean {
  if (port !== input.port || transport !== input.transport) return false;
  return canonicalIp(host) === canonicalIp(input.ip) || (isEveryAddress(input.ip) && isLoopback(host));
}
