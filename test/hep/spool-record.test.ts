/** Records on disk: what is torn costs nothing but itself. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRecords, MAX_RECORD_BYTES, RECORD_HEADER_BYTES, scanRecords } from '#src/hep/spool-record.js';

/** The shape of a HEP packet is all that matters here: magic, length, anything. */
function packet(body: Buffer): Buffer {
  const head = Buffer.from('HEP3\0\0', 'latin1');
  head.writeUInt16BE(head.length + body.length, 4);
  return Buffer.concat([head, body]);
}

function batchOf(packets: readonly Buffer[]): { bytes: Buffer; packets: number } {
  return { bytes: Buffer.concat(packets), packets: packets.length };
}

/** Reads as a folder does: in windows, each from where the last one ended. */
function readAll(records: Buffer, windowBytes: number): { packets: Buffer[]; torn: number } {
  const packets: Buffer[] = [];
  let torn = 0;
  for (let at = 0; at < records.length;) {
    // A copy: the memory of the window is used.
    const window = Buffer.from(records.subarray(at, at + windowBytes));
    const scanned = scanRecords(window, at + window.length >= records.length);
    const { bytes } = scanned.batch;
    const before = packets.length;
    for (let from = 0; from < bytes.length; from += bytes.readUInt16BE(from + 4)) {
      packets.push(Buffer.from(bytes.subarray(from, from + bytes.readUInt16BE(from + 4))));
    }
    expect(packets.length - before).toBe(scanned.batch.packets);
    expect(scanned.consumed).toBeGreaterThan(0);
    torn += scanned.torn;
    at += scanned.consumed;
  }
  return { packets, torn };
}

const bodies = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((octets) => Buffer.from(octets)),
    // A packet in a packet, and records in it: what looks like one inside of another is none.
    fc.constant(encodeRecords(batchOf([packet(Buffer.from('inner'))]))),
    fc.integer({ min: 1, max: 65_000 }).map((length) => Buffer.alloc(length, 'x')),
  ),
  { minLength: 1, maxLength: 12 },
);

describe('records', () => {
  test('come back as they were, whatever the packets and the windows', () => {
    const windows = fc.integer({ min: MAX_RECORD_BYTES, max: 2 * MAX_RECORD_BYTES });
    fc.assert(
      fc.property(bodies, windows, (given, windowBytes) => {
        const packets = given.map(packet);
        const read = readAll(encodeRecords(batchOf(packets)), windowBytes);
        expect([read.packets.length, read.torn]).toEqual([packets.length, 0]);
        expect(Buffer.concat(read.packets).equals(Buffer.concat(packets))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('cut at any place cost the one that is cut', () => {
    const packets = ['one', 'two', 'three'].map((body) => packet(Buffer.from(body)));
    const records = encodeRecords(batchOf(packets));
    const ends = packets.map((_, index) => encodeRecords(batchOf(packets.slice(0, index + 1))).length);
    for (let length = 1; length < records.length; length += 1) {
      const whole = ends.filter((end) => end <= length).length;
      const isClean = ends.includes(length);
      expect(readAll(records.subarray(0, length), MAX_RECORD_BYTES)).toEqual({
        packets: packets.slice(0, whole),
        torn: isClean ? 0 : 1,
      });
    }
  });

  test('with one octet changed cost the one that has it', () => {
    const packets = ['one', 'two', 'three'].map((body) => packet(Buffer.from(body)));
    const sizes = packets.map(({ length }) => length + RECORD_HEADER_BYTES);
    const records = encodeRecords(batchOf(packets));
    for (let at = 0; at < records.length; at += 1) {
      const damaged = Buffer.from(records);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x55, at);
      const hit = at < (sizes[0] ?? 0) ? 0 : at < (sizes[0] ?? 0) + (sizes[1] ?? 0) ? 1 : 2;
      const left = packets.filter((_, index) => index !== hit);
      expect(readAll(damaged, MAX_RECORD_BYTES), `octet ${at}`).toEqual({ packets: left, torn: 1 });
    }
  });

  test('in the payload of one that is torn, as somebody may have sent them there, are none', () => {
    const forged = encodeRecords(batchOf([packet(Buffer.from('forged'))]));
    const payload = Buffer.concat([Buffer.from('said '), forged, forged, Buffer.from(' and so on')]);
    const good = packet(Buffer.from('good'));
    const records = encodeRecords(batchOf([packet(payload), good]));
    const end = RECORD_HEADER_BYTES + packet(payload).length;
    for (let length = 1; length < end; length += 1) {
      expect(readAll(records.subarray(0, length), MAX_RECORD_BYTES), `cut at ${length}`).toEqual({
        packets: [],
        torn: 1,
      });
    }
    const body = end - payload.length;
    for (let at = body; at < end; at += 1) {
      const damaged = Buffer.from(records);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x55, at);
      expect(readAll(damaged, MAX_RECORD_BYTES), `octet ${at}`).toEqual({ packets: [good], torn: 1 });
    }
  });

  test('after a long stretch of anything are found', () => {
    const good = packet(Buffer.from('good'));
    const noise = Buffer.alloc(3 * MAX_RECORD_BYTES, 'HEP3 is no record ');
    const { packets, torn } = readAll(Buffer.concat([noise, encodeRecords(batchOf([good]))]), MAX_RECORD_BYTES);
    expect(packets).toEqual([good]);
    expect(torn).toBeGreaterThanOrEqual(1);
  });
});
