/** Writes HEPv3 from the specification, without src/hep. */

export interface PacketParts {
  /** Hex of the 4 or 16 octets of both addresses. */
  readonly source?: string;
  readonly destination?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly seconds?: number;
  readonly microseconds?: number;
  readonly type?: number;
  readonly captureId?: number;
  readonly nodeName?: string;
  readonly authKey?: string;
  readonly correlationId?: string;
  readonly payload?: string | Buffer;
}

/** 127.0.0.1 and 10.0.0.5 */
const LOOPBACK = '7f000001';
const CORE = '0a000005';

export function hepPacket(parts: PacketParts): Buffer {
  const { source = LOOPBACK, destination = CORE, nodeName, authKey, correlationId } = parts;
  const isIpv6 = source.length === 32;
  const chunks = [
    chunk(1, uint8(isIpv6 ? 10 : 2)),
    chunk(2, uint8(6)),
    chunk(isIpv6 ? 5 : 3, Buffer.from(source, 'hex')),
    chunk(isIpv6 ? 6 : 4, Buffer.from(destination, 'hex')),
    chunk(7, uint16(parts.sourcePort ?? 50_001)),
    chunk(8, uint16(parts.destinationPort ?? 2855)),
    chunk(9, uint32(parts.seconds ?? 1_754_490_926)),
    chunk(10, uint32(parts.microseconds ?? 42)),
    chunk(11, uint8(parts.type ?? 100)),
    chunk(12, uint32(parts.captureId ?? 1)),
    ...(authKey === undefined ? [] : [chunk(14, Buffer.from(authKey))]),
    ...(correlationId === undefined ? [] : [chunk(17, Buffer.from(correlationId))]),
    ...(nodeName === undefined ? [] : [chunk(19, Buffer.from(nodeName))]),
    chunk(15, Buffer.from(parts.payload ?? '')),
  ];
  const body = Buffer.concat(chunks);
  return Buffer.concat([Buffer.from('HEP3'), uint16(6 + body.length), body]);
}

function chunk(type: number, value: Buffer): Buffer {
  return Buffer.concat([uint16(0), uint16(type), uint16(6 + value.length), value]);
}

function uint8(value: number): Buffer {
  return Buffer.of(value);
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
