import { MsrptapError } from '../lib/errors.js';
import { type FixedHead, writeHepChunkHeader } from './fixed-head.js';
import {
  HEP_CHUNK,
  HEP_CHUNK_HEADER_BYTES,
  MAX_NAME_BYTES,
  MAX_PACKET_BYTES,
  printable,
  writeLength,
} from './format.js';

/** Of a hepChunk's length, the last of its header. */
const LENGTH_BYTES = 2;

const MICROS_PER_SECOND = 1_000_000;

/**
 * Writes the packets of one direction of one connection: a fixed head, then correlation id and payload. Packets of one
 * flow nearly always have the correlation id of the one before, so all that comes before the payload is kept for it.
 */
export class PacketFlow {
  readonly #fixed: FixedHead;
  /** The correlation id as it was given, not as it is written. */
  #correlationId: string | null = null;
  /** The fixed hepChunks; once there was a packet also that of its correlation id, and the header of the payload's. */
  #head: Buffer;

  /** @param head as `fixed` made it */
  constructor(fixed: FixedHead, head: Buffer) {
    this.#fixed = fixed;
    this.#head = head;
  }

  /** The octets of a packet. One that has more than 65507 (MAX_PACKET_BYTES) cannot be written. */
  size(correlationId: string, payloadBytes: number): number {
    const idBytes = Math.min(correlationId.length, MAX_NAME_BYTES);
    return this.#fixed.length + HEP_CHUNK_HEADER_BYTES + idBytes + HEP_CHUNK_HEADER_BYTES + payloadBytes;
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
    into.writeUInt32BE(seconds, at + this.#fixed.secondsAt);
    into.writeUInt32BE(Math.floor(timeMicros - seconds * MICROS_PER_SECOND), at + this.#fixed.microsecondsAt);
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
    let at = this.#head.copy(head, 0, 0, this.#fixed.length);
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
