/**
 * The fixed part of HEP packets. hep-js makes it, once per payload type; what differs from flow to flow and from packet
 * to packet is patched in behind it, for three reasons: hep-js knows no IPv6, leaves uninitialised memory behind text
 * that is not ASCII, and takes no bytes. So it gets ASCII only, IPv4, and a dummy payload.
 */
import hepJs from 'hep-js';
import type { Endpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import { FixedHead, type HepChunk } from './fixed-head.js';
import { PacketFlow } from './flow.js';
import {
  announcedLength,
  FAMILY_IPV4,
  FAMILY_IPV6,
  HEADER_BYTES,
  HEP_CHUNK,
  HEP_CHUNK_HEADER_BYTES,
  printable,
  PROTOCOL_TCP,
} from './format.js';
import { addressPair } from './ip.js';

export { PacketFlow } from './flow.js';

/** Who captured: the same in all packets of an exporter. Texts are printable ASCII, at most 255 octets; what is not is replaced. */
export interface PacketIdentity {
  /** 0 to 2^32 - 1. */
  readonly captureId: number;
  /** Without it the packets have no node name. */
  readonly nodeName?: string;
  readonly authKey?: string;
}

const DUMMY = '-';

/** What hep-js must have put into a packet, else it is not the hep-js that this was written for. */
const REQUIRED = [
  HEP_CHUNK.family,
  HEP_CHUNK.protocol,
  HEP_CHUNK.source4,
  HEP_CHUNK.destination4,
  HEP_CHUNK.sourcePort,
  HEP_CHUNK.destinationPort,
  HEP_CHUNK.seconds,
  HEP_CHUNK.microseconds,
  HEP_CHUNK.payloadType,
  HEP_CHUNK.captureId,
  HEP_CHUNK.correlationId,
  HEP_CHUNK.payload,
];

/** Written anew for each packet, behind the fixed part. */
const PER_PACKET: ReadonlySet<number> = new Set([HEP_CHUNK.correlationId, HEP_CHUNK.payload]);

interface Heads {
  readonly ipv4: FixedHead;
  readonly ipv6: FixedHead;
}

export class PacketTemplates {
  readonly #identity: PacketIdentity;
  readonly #heads = new Map<number, Heads>();

  constructor(identity: PacketIdentity) {
    this.#identity = identity;
  }

  /**
   * The packets from `source` to `destination`, of a HEP protocol type (1 to 255).
   * @throws MsrptapError hep_address_invalid, hep_template_invalid
   */
  flow(payloadType: number, source: Endpoint, destination: Endpoint): PacketFlow {
    const addresses = addressPair(source.ip, destination.ip);
    const { ipv4, ipv6 } = this.#headsOf(payloadType);
    const fixed = addresses.family === FAMILY_IPV6 ? ipv6 : ipv4;
    return new PacketFlow(fixed, fixed.between(addresses, source.port, destination.port));
  }

  #headsOf(payloadType: number): Heads {
    const known = this.#heads.get(payloadType);
    if (known !== undefined) return known;
    const hepChunks = readTemplate(makeTemplate(this.#identity, payloadType), this.#identity);
    const heads = { ipv4: new FixedHead(hepChunks, FAMILY_IPV4), ipv6: new FixedHead(hepChunks, FAMILY_IPV6) };
    this.#heads.set(payloadType, heads);
    return heads;
  }
}

function makeTemplate({ captureId, nodeName, authKey }: PacketIdentity, payloadType: number): Buffer {
  return hepJs.encapsulate(DUMMY, {
    protocolFamily: FAMILY_IPV4,
    protocol: PROTOCOL_TCP,
    srcIp: '0.0.0.0',
    dstIp: '0.0.0.0',
    srcPort: 0,
    dstPort: 0,
    timeSeconds: 0,
    timeUseconds: 0,
    payloadType,
    captureId,
    correlation_id: DUMMY,
    ...(nodeName === undefined ? {} : { hepNodeName: printable(nodeName) }),
    ...(authKey === undefined ? {} : { capturePass: printable(authKey) }),
  });
}

/**
 * The fixed hepChunks of what hep-js made, in its order, which receivers know.
 * @throws MsrptapError hep_template_invalid when one that is needed is missing
 */
export function readTemplate(packet: Buffer, { nodeName }: PacketIdentity): readonly HepChunk[] {
  if (announcedLength(packet, 0) !== packet.length) throw invalid('a wrong total length');
  const hepChunks: HepChunk[] = [];
  for (let at = HEADER_BYTES; at < packet.length;) {
    const end = at + packet.readUInt16BE(at + 4);
    if (end < at + HEP_CHUNK_HEADER_BYTES || end > packet.length) throw invalid('a hepChunk of impossible length');
    hepChunks.push({ type: packet.readUInt16BE(at + 2), value: packet.subarray(at + HEP_CHUNK_HEADER_BYTES, end) });
    at = end;
  }
  const found = new Set(hepChunks.map(({ type }) => type));
  const missing = REQUIRED.filter((type) => !found.has(type));
  if (missing.length > 0) throw invalid(`no hepChunk ${missing.join(', ')}`);
  // Without a name hep-js writes the capture id in its place, which Homer would show as the name of a node.
  const isNamed = nodeName !== undefined && nodeName !== '';
  return hepChunks.filter(({ type }) => !PER_PACKET.has(type) && (isNamed || type !== HEP_CHUNK.nodeName));
}

function invalid(what: string): MsrptapError {
  return new MsrptapError('hep_template_invalid', `hep-js made a packet with ${what}`);
}
