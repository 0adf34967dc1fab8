import { MsrptapError } from '../lib/errors.js';
import { announcedLength, HEADER_BYTES, MAGIC } from './format.js';

/**
 * Whole packets out of the bytes of a TCP connection. Holds one packet at most, 65535 bytes. When push has thrown, the
 * stream has lost its place and is of no more use.
 */
export class HepStream {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  /** The packet that is being received, once its header is complete. */
  #packet: Buffer | null = null;
  #packetBytes = 0;

  /**
   * @param take gets each packet that is complete with these bytes, without keep-alives; also those before what is wrong
   * @throws MsrptapError hep_malformed
   */
  push(bytes: Buffer, take: (packet: Buffer) => void): void {
    for (let at = 0; at < bytes.length;) {
      at += this.#packet === null ? this.#readHeader(bytes, at) : this.#readRest(this.#packet, bytes, at);
      const packet = this.#complete();
      if (packet !== null) take(packet);
    }
  }

  #readHeader(bytes: Buffer, at: number): number {
    const copied = bytes.copy(this.#header, this.#headerBytes, at);
    this.#headerBytes += copied;
    const magicBytes = Math.min(this.#headerBytes, MAGIC.length);
    if (this.#header.compare(MAGIC, 0, magicBytes, 0, magicBytes) !== 0) throw malformed('no HEP3 header');
    if (this.#headerBytes < HEADER_BYTES) return copied;
    const length = announcedLength(this.#header, 0);
    if (length < HEADER_BYTES) throw malformed(`a packet of ${length} bytes`);
    this.#headerBytes = 0;
    // A packet without hepChunks is a keep-alive.
    if (length > HEADER_BYTES) {
      this.#packet = Buffer.allocUnsafeSlow(length);
      this.#packetBytes = this.#header.copy(this.#packet);
    }
    return copied;
  }

  #readRest(packet: Buffer, bytes: Buffer, at: number): number {
    const copied = bytes.copy(packet, this.#packetBytes, at);
    this.#packetBytes += copied;
    return copied;
  }

  #complete(): Buffer | null {
    const packet = this.#packet;
    if (packet === null || this.#packetBytes < packet.length) return null;
    this.#packet = null;
    return packet;
  }
}

function malformed(what: string): MsrptapError {
  return new MsrptapError('hep_malformed', what);
}
