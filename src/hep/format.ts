/** What HEPv3 (specification rev. 37) fixes, and what the receivers of its packets add to it. */

export const MAGIC = Buffer.from('HEP3', 'latin1');

/** The magic and the uint16 total length, which counts the header itself. */
export const HEADER_BYTES = 6;
const LENGTH_AT = 4;

/** uint16 vendor, uint16 type, uint16 length, which counts this header. */
export const HEP_CHUNK_HEADER_BYTES = 6;

/** The largest UDP datagram; heplify-server closes a TCP connection that announces more. */
export const MAX_PACKET_BYTES = 65_507;

/** Homer 7 keeps correlation ids and node names in columns of this many characters. */
export const MAX_NAME_BYTES = 255;

/** A packet without hepChunks: receivers count it and store nothing. */
export const KEEP_ALIVE_PACKET = Buffer.from('HEP3\x00\x06', 'latin1');

/** hepChunk types of vendor 0. */
export const HEP_CHUNK = {
  family: 0x0001,
  protocol: 0x0002,
  source4: 0x0003,
  destination4: 0x0004,
  source6: 0x0005,
  destination6: 0x0006,
  sourcePort: 0x0007,
  destinationPort: 0x0008,
  seconds: 0x0009,
  microseconds: 0x000a,
  payloadType: 0x000b,
  captureId: 0x000c,
  authKey: 0x000e,
  payload: 0x000f,
  correlationId: 0x0011,
  nodeName: 0x0013,
} as const;

/** Values of the family hepChunk: AF_INET and Linux' AF_INET6. */
export const FAMILY_IPV4 = 2;
export const FAMILY_IPV6 = 10;

/** MSRP runs over TCP and TLS only [RFC 4975 §4]. */
export const PROTOCOL_TCP = 6;

/** The total length that the packet at `at` announces. */
export function announcedLength(bytes: Buffer, at: number): number {
  return bytes.readUInt16BE(at + LENGTH_AT);
}

export function writeLength(bytes: Buffer, at: number, length: number): void {
  writeUint16(bytes, at + LENGTH_AT, length);
}

/** Big-endian. Written out, as is the next: some of these are written for every packet, and Buffer's own check a lot. */
export function writeUint16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeUint32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

const PRINTABLE = /^[\x20-\x7e]*$/;
const NOT_PRINTABLE = /[^\x20-\x7e]/g;

/**
 * At most 255 octets of printable ASCII, an underscore for each UTF-16 unit that is not: a NUL makes Homer's database
 * refuse the whole batch of rows.
 */
export function printable(text: string): string {
  const cut = text.length > MAX_NAME_BYTES ? text.slice(0, MAX_NAME_BYTES) : text;
  return PRINTABLE.test(cut) ? cut : cut.replaceAll(NOT_PRINTABLE, '_');
}
