import { MsrptapError } from '../lib/errors.js';
import { FAMILY_IPV6, HEADER_BYTES, HEP_CHUNK, HEP_CHUNK_HEADER_BYTES, MAGIC } from './format.js';
import type { AddressPair } from './ip.js';

/** A TLV of a HEP packet, of vendor 0. */
export interface HepChunk {
  readonly type: number;
  readonly value: Buffer;
}

const IPV6_BYTES = 16;

/**
 * What all packets of a payload type and an address family begin with, once: each flow has a copy with its own
 * addresses, and its packets overwrite the time.
 */
export class FixedHead {
  readonly secondsAt: number;
  readonly microsecondsAt: number;
  readonly #octets: Buffer;
  readonly #sourceAt: number;
  readonly #destinationAt: number;
  readonly #sourcePortAt: number;
  readonly #destinationPortAt: number;

  /**
   * @param hepChunks of IPv4
   * @throws MsrptapError hep_template_invalid
   */
  constructor(hepChunks: readonly HepChunk[], family: AddressPair['family']) {
    const { source4, source6, destination4, destination6 } = HEP_CHUNK;
    const isIpv6 = family === FAMILY_IPV6;
    const fixed = isIpv6 ? hepChunks.map(toIpv6) : hepChunks;
    this.#octets = Buffer.alloc(
      fixed.reduce((sum, { value }) => sum + HEP_CHUNK_HEADER_BYTES + value.length, HEADER_BYTES),
    );
    const valueAt = write(fixed, this.#octets);
    this.secondsAt = offsetOf(valueAt, HEP_CHUNK.seconds);
    this.microsecondsAt = offsetOf(valueAt, HEP_CHUNK.microseconds);
    this.#sourceAt = offsetOf(valueAt, isIpv6 ? source6 : source4);
    this.#destinationAt = offsetOf(valueAt, isIpv6 ? destination6 : destination4);
    this.#sourcePortAt = offsetOf(valueAt, HEP_CHUNK.sourcePort);
    this.#destinationPortAt = offsetOf(valueAt, HEP_CHUNK.destinationPort);
  }

  get length(): number {
    return this.#octets.length;
  }

  /** @param addresses of its family */
  between({ source, destination }: AddressPair, sourcePort: number, destinationPort: number): Buffer {
    const head = Buffer.from(this.#octets);
    head.set(source, this.#sourceAt);
    head.set(destination, this.#destinationAt);
    head.writeUInt16BE(sourcePort, this.#sourcePortAt);
    head.writeUInt16BE(destinationPort, this.#destinationPortAt);
    return head;
  }
}

function toIpv6(hepChunk: HepChunk): HepChunk {
  const { family, source4, source6, destination4, destination6 } = HEP_CHUNK;
  switch (hepChunk.type) {
    case family:
      return { type: family, value: Buffer.of(FAMILY_IPV6) };
    case source4:
      return { type: source6, value: Buffer.alloc(IPV6_BYTES) };
    case destination4:
      return { type: destination6, value: Buffer.alloc(IPV6_BYTES) };
    default:
      return hepChunk;
  }
}

/** @returns where the value of each type begins */
function write(hepChunks: readonly HepChunk[], into: Buffer): ReadonlyMap<number, number> {
  MAGIC.copy(into);
  const valueAt = new Map<number, number>();
  let at = HEADER_BYTES;
  for (const { type, value } of hepChunks) {
    at = writeHepChunkHeader(into, at, type, value.length);
    valueAt.set(type, at);
    at += value.copy(into, at);
  }
  return valueAt;
}

/** @returns the offset behind it, of the value */
export function writeHepChunkHeader(into: Buffer, at: number, type: number, valueBytes: number): number {
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
