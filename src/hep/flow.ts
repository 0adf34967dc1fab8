import { MsrptapError } from '../lib/errors.js';
import { type FixedHead, writeHepChunkHeader } from './fixed-head.js';
import {
  HEP_CHUNK,
  HEP_CHUNK_HEADER_BYTES,
  MAX_PACKET_BYTES,
  printable,
  writeLength,
  writeUint16,
  writeUint32,
} from './format.js';

/** Of a hepChunk's length, the last of its header. */
const LENGTH_BYTES = 2;

const MICROS_PER_SECOND = 1_000_000;

/** No time is less than a second behind it. */
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * Writes the packets of one direction of one connection: a fixed head, then correlation id and payload. Packets of one
 * flow nearly always have the correlation id of the one before, and are of the same second: so all that comes before the
 * payload is kept, and lengths and microseconds are written over it.
 */
export class PacketFlow {
  readonly #fixed: FixedHead;
  /** The correlation id as it was given, not as it is written. */
  #correlationId: string | null = null;
  /** The fixed hepChunks; once there was a packet also that of its correlation id, and the header of the payload's. */
  #head: Buffer;
  /** The second that stands in the head, in microseconds since 1970. */
  #second = NEVER;

  /** @param head as `fixed` made it */
  constructor(fixed: FixedHead, head: Buffer) {
    this.#fixed = fixed;
    this.#head = head;
  }

  /**
   * The octets of a packet. One that has more than 65507 (MAX_PACKET_BYTES) cannot be written.
   * @param correlationId printable ASCII, at most 255 octets; what is not is replaced or cut
   */
  size(correlationId: string, payloadBytes: number): number {
    if (correlationId !== this.#correlationId) this.#setCorrelationId(correlationId);
    return this.#head.length + payloadBytes;
  }

  /**
   * Writes one packet at `at`, where `into` must have room for size().
   * @param timeMicros microseconds since 1970
   * @param correlationId as for size()
   * @returns the offset behind it
   * @throws MsrptapError hep_packet_too_large
   * @throws RangeError when HEP has no number for the time
   */
  write(into: Buffer, at: number, timeMicros: number, correlationId: string, payload: Uint8Array): number {
    const size = this.size(correlationId, payload.length);
    const room = Math.min(MAX_PACKET_BYTES, into.length - at);
    if (size > room) throw new MsrptapError('hep_packet_too_large', `a HEP packet of ${size} bytes, where ${room} fit`);
    const sinceSecond = timeMicros - this.#second;
    if (!(sinceSecond >= 0 && sinceSecond < MICROS_PER_SECOND)) this.#setSecond(timeMicros);
    const head = this.#head;
    const payloadAt = at + head.length;
    into.set(head, at);
    writeLength(into, at, size);
    writeUint32(into, at + this.#fixed.microsecondsAt, timeMicros - this.#second);
    writeUint16(into, payloadAt - LENGTH_BYTES, HEP_CHUNK_HEADER_BYTES + payload.length);
    into.set(payload, payloadAt);
    return payloadAt + payload.length;
  }

  #setSecond(timeMicros: number): void {
    const seconds = Math.floor(timeMicros / MICROS_PER_SECOND);
    this.#head.writeUInt32BE(seconds, this.#fixed.secondsAt);
    this.#second = seconds * MICROS_PER_SECOND;
  }

  #setCorrelationId(correlationId: string): void {
    const id = printable(correlationId);
    const head = Buffer.allocUnsafeSlow(this.#fixed.length + 2 * HEP_CHUNK_HEADER_BYTES + id.length);
    let at = this.#head.copy(head, 0, 0, this.#fixed.length);
    at = writeHepChunkHeader(head, at, HEP_CHUNK.correlationId, id.length);
    at += head.write(id, at, 'latin1');
    writeHepChunkHeader(head, at, HEP_CHUNK.payload, 0);
    this.#head = head;
    this.#second = NEVER;
    this.#correlationId = correlationId;
  }
}
