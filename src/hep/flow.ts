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

/** Of a hepChunk's length, the last of its header. */
const LENGTH_BYTES = 2;

const MICROS_PER_SECOND = 1_000_000;

/**
 * Writes the packets of one direction of one connection: a fixed head, then correlation id and payload. Packets of one
 * flow nearly always have the correlation id of the one before, so all that comes before the payload is kept for it.
 */
export class PacketFlow {
  readonly #fixedLength: number;
  /** The correlation id as it was given, not as it is written. */
  #correlationId: string | null = null;
  /** The fixed hepChunks; once there was a packet also that of its correlation id, and the header of the payload's. */
  #head: Buffer;
  readonly #secondsAt: number;
  readonly #microsecondsAt: number;

  /** @param fixed the hepChunks that all packets share; those of the time are overwritten in each packet */
  constructor(fixed: readonly HepChunk[]) {
    const head = Buffer.alloc(
      fixed.reduce((sum, { value }) => sum + HEP_CHUNK_HEADER_BYTES + value.length, HEADER_BYTES),
    );
    MAGIC.copy(head);
    const valueAt = new Map<number, number>();
    let at = HEADER_BYTES;
    for (const { type, value } of fixed) {
      at = writeHepChunkHeader(head, at, type, value.length);
      valueAt.set(type, at);
      at += value.copy(head, at);
    }
    this.#head = head;
    this.#fixedLength = head.length;
    this.#secondsAt = offsetOf(valueAt, HEP_CHUNK.seconds);
    this.#microsecondsAt = offsetOf(valueAt, HEP_CHUNK.microseconds);
  }

  /** The octets of a packet. One that has more than 65507 (MAX_PACKET_BYTES) cannot be written. */
  size(correlationId: string, payloadBytes: number): number {
    const idBytes = Math.min(correlationId.length, MAX_NAME_BYTES);
    return this.#fixedLength + HEP_CHUNK_HEADER_BYTES + idBytes + HEP_CHUNK_HEADER_BYTES + payloadBytes;
  }

  /**
   * Writes one packet at `at`, where `into` must have room for size().
   * @param timeMicros microseconds since 1970
   * @param correlationId printable ASCII, at most 255 octets; what is not is replaced or cut
   * @returns the offset behind it
   * @throws MsrptapError hep_packet_too_large
   */
  write(into: Buffer, at: number, timeMicros: number, correlationId: string, payload: readonly Buffer[]): number {
    if (correlationId !== this.#correlationId) this.#setCorrelationId(correlationId);
    const payloadBytes = totalLength(payload);
    const head = this.#head;
    const size = head.length + payloadBytes;
    const room = Math.min(MAX_PACKET_BYTES, into.length - at);
    if (size > room) throw new MsrptapError('hep_packet_too_large', `a HEP packet of ${size} bytes, where ${room} fit`);
    into.set(head, at);
    writeLength(into, at, size);
    const seconds = Math.floor(timeMicros / MICROS_PER_SECOND);
    into.writeUInt32BE(seconds, at + this.#secondsAt);
    into.writeUInt32BE(Math.floor(timeMicros - seconds * MICROS_PER_SECOND), at + this.#microsecondsAt);
    let end = at + head.length;
    into.writeUInt16BE(HEP_CHUNK_HEADER_BYTES + payloadBytes, end - LENGTH_BYTES);
    for (const piece of payload) {
      into.set(piece, end);
      end += piece.length;
    }
    return end;
  }

  #setCorrelationId(correlationId: string): void {
    const id = printable(correlationId);
    const head = Buffer.allocUnsafeSlow(this.size(id, 0));
    let at = this.#head.copy(head, 0, 0, this.#fixedLength);
    at = writeHepChunkHeader(head, at, HEP_CHUNK.correlationId, id.length);
    at += head.write(id, at, 'latin1');
    writeHepChunkHeader(head, at, HEP_CHUNK.payload, 0);
    this.#head = head;
    this.#correlationId = correlationId;
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
