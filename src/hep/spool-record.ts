import { crc32 } from 'node:zlib';
import { announcedLength, HEADER_BYTES, MAGIC, MAX_PACKET_BYTES } from './format.js';
import type { Batch } from './queue.js';

/** uint32 length of the packet, uint32 CRC-32 of it, then the packet. */
export const RECORD_HEADER_BYTES = 8;

/** What a window over records has to hold, so that a whole one is in it wherever it begins. */
export const MAX_RECORD_BYTES = RECORD_HEADER_BYTES + MAX_PACKET_BYTES;

/** The least of a record that tells whether it is one: up to the length that the packet itself announces. */
const HEAD_BYTES = RECORD_HEADER_BYTES + HEADER_BYTES;

/** A packet each: one that is torn costs no other. */
export function encodeRecords({ bytes, packets }: Batch): Buffer {
  const records = Buffer.allocUnsafe(bytes.length + packets * RECORD_HEADER_BYTES);
  for (let from = 0, to = 0; from < bytes.length;) {
    const length = announcedLength(bytes, from);
    const packet = bytes.subarray(from, from + length);
    to = records.writeUInt32BE(length, to);
    to = records.writeUInt32BE(crc32(packet), to);
    to += packet.copy(records, to);
    from += length;
  }
  return records;
}

export interface Scanned {
  /** The packets that were found, one behind the other, in the memory of the window. */
  readonly batch: Batch;
  /** Octets of the window that are done with. What is left of it begins a record, perhaps. */
  readonly consumed: number;
  /** Places at which there should have been a record and was none. */
  readonly torn: number;
}

/**
 * The packets of all records that begin in the window, whose memory is used for them. What is no record is skipped up to
 * the next one.
 * @param isEnd whether nothing follows the window; else it has at least MAX_RECORD_BYTES
 */
export function scanRecords(window: Buffer, isEnd: boolean): Scanned {
  let [at, end, packets, torn] = [0, 0, 0, 0];
  let wasTorn = false;
  while (at < window.length) {
    const next = recordEnd(window, at);
    if (next > window.length && !isEnd) break;
    if (next !== NO_RECORD && next <= window.length && isIntact(window, at, next)) {
      end += window.copy(window, end, at + RECORD_HEADER_BYTES, next);
      packets += 1;
      at = next;
      wasTorn = false;
      continue;
    }
    if (!wasTorn) torn += 1;
    wasTorn = true;
    at = afterTorn(window, at, next, isEnd);
  }
  return { batch: { bytes: window.subarray(0, end), packets }, consumed: at, torn };
}

const NO_RECORD = -1;

/** Where the record ends that its head announces; beyond all windows when there is too little of it to tell. */
function recordEnd(window: Buffer, at: number): number {
  if (window.length - at < HEAD_BYTES) return Infinity;
  const length = window.readUInt32BE(at);
  const packet = at + RECORD_HEADER_BYTES;
  const isHead =
    length > HEADER_BYTES &&
    length <= MAX_PACKET_BYTES &&
    window.compare(MAGIC, 0, MAGIC.length, packet, packet + MAGIC.length) === 0 &&
    announcedLength(window, packet) === length;
  return isHead ? packet + length : NO_RECORD;
}

function isIntact(window: Buffer, at: number, end: number): boolean {
  return crc32(window.subarray(at + RECORD_HEADER_BYTES, end)) === window.readUInt32BE(at + 4);
}

/**
 * Where a record may begin next. What a head announces belongs to it, torn or not: the payload is what somebody sent, and
 * it may look like records.
 * @param end as the head at `at` announces it; beyond the window it is cut off there
 */
function afterTorn(window: Buffer, at: number, end: number, isEnd: boolean): number {
  if (end > window.length) return window.length;
  const isHead = end !== NO_RECORD && recordEnd(window, end) !== NO_RECORD;
  return isHead ? end : nextHead(window, at, isEnd);
}

/** Where a head may begin, after `at`. */
function nextHead(window: Buffer, at: number, isEnd: boolean): number {
  const magic = window.indexOf(MAGIC, at + 1 + RECORD_HEADER_BYTES);
  if (magic !== -1) return magic - RECORD_HEADER_BYTES;
  // The magic may be cut by the end of the window.
  return isEnd ? window.length : Math.max(at + 1, window.length - RECORD_HEADER_BYTES - MAGIC.length + 1);
}
