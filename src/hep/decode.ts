import { UNSPECIFIED, type Endpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import { announcedLength, HEADER_BYTES, HEP_CHUNK, HEP_CHUNK_HEADER_BYTES, MAGIC } from './format.js';
import { ipText } from './ip.js';

/** A HEP packet as it was received. What it does not have is 0, unspecified or empty. */
export interface HepPacket {
  /** 2 IPv4, 10 IPv6. */
  readonly family: number;
  /** The IP protocol: 6 TCP, 17 UDP. */
  readonly protocol: number;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** Microseconds since 1970. */
  readonly timeMicros: number;
  readonly payloadType: number;
  readonly captureId: number;
  readonly nodeName?: string;
  readonly authKey?: string;
  readonly correlationId?: string;
  /** Part of the packet that was decoded, no copy. */
  readonly payload: Buffer;
}

const MICROS_PER_SECOND = 1_000_000;

/** Values by type, of vendor 0. When a type comes twice the last one counts. */
type HepChunks = ReadonlyMap<number, Buffer>;

/**
 * Reads one packet, `HEP3` to its announced end. Unknown types and the types of vendors are passed over.
 * @throws MsrptapError hep_malformed
 */
export function decodeHep(packet: Buffer): HepPacket {
  const hepChunks = readHepChunks(packet);
  const { source4, source6, destination4, destination6 } = HEP_CHUNK;
  const nodeName = textOf(hepChunks, HEP_CHUNK.nodeName);
  const authKey = textOf(hepChunks, HEP_CHUNK.authKey);
  const correlationId = textOf(hepChunks, HEP_CHUNK.correlationId);
  return {
    family: numberOf(hepChunks, HEP_CHUNK.family, 1),
    protocol: numberOf(hepChunks, HEP_CHUNK.protocol, 1),
    source: endpointOf(hepChunks, source4, source6, HEP_CHUNK.sourcePort),
    destination: endpointOf(hepChunks, destination4, destination6, HEP_CHUNK.destinationPort),
    timeMicros:
      numberOf(hepChunks, HEP_CHUNK.seconds, 4) * MICROS_PER_SECOND + numberOf(hepChunks, HEP_CHUNK.microseconds, 4),
    payloadType: numberOf(hepChunks, HEP_CHUNK.payloadType, 1),
    captureId: numberOf(hepChunks, HEP_CHUNK.captureId, 4),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(authKey === undefined ? {} : { authKey }),
    ...(correlationId === undefined ? {} : { correlationId }),
    payload: hepChunks.get(HEP_CHUNK.payload) ?? Buffer.alloc(0),
  };
}

function readHepChunks(packet: Buffer): HepChunks {
  if (packet.length < HEADER_BYTES || !packet.subarray(0, MAGIC.length).equals(MAGIC))
    throw malformed('no HEP3 header');
  const total = announcedLength(packet, 0);
  if (total !== packet.length) throw malformed(`${packet.length} bytes, where the header says ${total}`);
  const hepChunks = new Map<number, Buffer>();
  for (let at = HEADER_BYTES; at < total;) {
    if (total - at < HEP_CHUNK_HEADER_BYTES) throw malformed(`a hepChunk header is cut off at ${at}`);
    const length = packet.readUInt16BE(at + 4);
    // Each step is at least a header, so a length of 0 cannot hold the loop.
    if (length < HEP_CHUNK_HEADER_BYTES || length > total - at)
      throw malformed(`a hepChunk of length ${length} at ${at}`);
    const isGeneric = packet.readUInt16BE(at) === 0;
    if (isGeneric)
      hepChunks.set(packet.readUInt16BE(at + 2), packet.subarray(at + HEP_CHUNK_HEADER_BYTES, at + length));
    at += length;
  }
  return hepChunks;
}

function numberOf(hepChunks: HepChunks, type: number, bytes: 1 | 2 | 4): number {
  const value = hepChunks.get(type);
  return value === undefined ? 0 : sized(value, type, bytes).readUIntBE(0, bytes);
}

/** As it is written: an IPv4 address in a packet of IPv6 stays ::ffff:a.b.c.d. */
function endpointOf(hepChunks: HepChunks, type4: number, type6: number, portType: number): Endpoint {
  const port = numberOf(hepChunks, portType, 2);
  const ipv6 = hepChunks.get(type6);
  if (ipv6 !== undefined) return { ip: ipText(sized(ipv6, type6, 16)), port };
  const ipv4 = hepChunks.get(type4);
  return { ip: ipv4 === undefined ? UNSPECIFIED.ip : ipText(sized(ipv4, type4, 4)), port };
}

function sized(value: Buffer, type: number, bytes: number): Buffer {
  if (value.length !== bytes) throw malformed(`hepChunk ${type} has ${value.length} bytes in place of ${bytes}`);
  return value;
}

function textOf(hepChunks: HepChunks, type: number): string | undefined {
  return hepChunks.get(type)?.toString('utf8');
}

function malformed(what: string): MsrptapError {
  return new MsrptapError('hep_malformed', what);
}
