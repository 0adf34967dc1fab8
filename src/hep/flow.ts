import { MsrptapError } from '../lib/errors.js';
import {
  HEADER_BYTES,
  HEP_CHUNK,
  HEP_CHUNK_HEADER_BYTES,
  MAGIC,
  MAX_NAME_BYTES,
  MAX_PACKET_BYTES,
  printable,
  writeLength,
} from './format.js';

/** A TLV of a HEP packet, of vendor 0. */
export interface HepChunk {
  readonly type: number;
  readonly value: Buffer;
}

const MICROS_PER_SECOND = 1_000_000;

/** Writes the packets of one direction of one connection: a fixed head, then correlation id and payload. */
export class PacketFlow {
  readonly #head: Buffer;
  readonly #secondsAt: number;
  readonly #microsecondsAt: number;

  /** @param fixed the hepChunks that all packets share; those of the time are overwritten in each packet */
  constructor(fixed: readonly HepChunk[]) {
    this.#head = Buffer.alloc(
      fixed.reduce((sum, { value }) => sum + HEP_CHUNK_HEADER_BYTES + value.length, HEADER_BYTES),
    );
    MAGIC.copy(this.#head);
    const valueAt = new Map<number, number>();
    let at = HEADER_BYTES;
    for (const { type, value } of fixed) {
      at = writeHepChunkHeader(this.#head, at, type, value.length);
      valueAt.set(type, at);
      at += value.copy(this.#head, at);
    }
    this.#secondsAt = offsetOf(valueAt, HEP_CHUNK.seconds);
    this.#microsecondsAt = offsetOf(valueAt, HEP_CHUNK.microseconds);
  }

  /** The octets of a packet. One that has more than 65507 (MAX_PACKET_BYTES) cannot be written. */
  size(correlationId: string, payloadBytes: number): number {
    const idBytes = Math.min(correlationId.length, MAX_NAME_BYTES);
    return this.#head.length + HEP_CHUNK_HEADER_BYTES + idBytes + HEP_CHUNK_HEADER_BYTES + payloadBytes;
  }

  /**
   * Writes one packet at `at`, where `into` must have room for size().
   * @param timeMicros microseconds since 1970
   * @param correlationId printable ASCII, at most 255 octets; what is not is replaced or cut
   * @returns the offset behind it
   * @throws MsrptapError hep_packet_too_large
   */
  write(into: Buffer, at: number, timeMicros: number, correlationId: string, payload: readonly Buffer[]): number {
    const id = printable(correlationId);
    const payloadBytes = totalLength(payload);
    const size = this.size(id, payloadBytes);
    const room = Math.min(MAX_PACKET_BYTES, into.length - at);
    if (size > room) throw new MsrptapError('hep_packet_too_large', `a HEP packet of ${size} bytes, where ${room} fit`);
    this.#head.copy(into, at);
    writeLength(into, at, size);
    const seconds = Math.floor(timeMicros / MICROS_PER_SECOND);
    into.writeUInt32BE(seconds, at + this.#secondsAt);
    into.writeUInt32BE(Math.floor(timeMicros - seconds * MICROS_PER_SECOND), at + this.#microsecondsAt);
    let end = writeHepChunkHeader(into, at + this.#head.length, HEP_CHUNK.correlationId, id.length);
    end += into.write(id, end, 'latin1');
    end = writeHepChunkHeader(into, end, HEP_CHUNK.payload, payloadBytes);
    for (const piece of payload) end += piece.copy(into, end);
    return end;
  }
}

export function totalLength(pieces: readonly Buffer[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function writeHepChunkHeader(into: Buffer, at: number, type: number, valueBytes: number): number {
  into.writeUInt16BE(0, at);
  into.writeUInt16BE(type, at + 2);
  into.writeUInt16BE(HEP_CHUNK_HEADER_BYTES + valueBytes, at + 4);
  return at + HEP_CHUNK_HEADER_BYTES;
}

function offsetOf(valueAt: ReadonlyMap<number, number>, type: number): number {
  const at = valueAt.get(type);
  if (at === undefined) throw new MsrptapError('hep_template_invalid', `no hepChunk ${type}`);
  return at;
}
