// @ts-check
import { crc32 } from 'node:zlib';
import { encodeRecords, scanRecords } from '#src/hep/spool-record.js';
import { encodeEntry, latestEntry } from '#src/hep/spool-position.js';
import { check, same } from './check.mjs';
import { hepPacket } from './hep-packets.mjs';

/** @import { Target } from '../target.mjs' */

/** Of a record: its length, its CRC-32; then the packet, of which magic and length are the least. */
const RECORD_HEADER = 8;
const LEAST_RECORD = RECORD_HEADER + 6;

const GOOD = hepPacket('good', 1);
const OTHER = hepPacket('MSRP a786 200 OK', 100);

/** @param {readonly Buffer[]} packets */
function records(...packets) {
  return encodeRecords({ bytes: Buffer.concat(packets), packets: packets.length });
}

/** The packets that a file of these octets has. @param {Buffer} file */
function packetsIn(file) {
  // Its memory is used for the packets.
  const { batch, consumed, torn } = scanRecords(Buffer.from(file), true);
  check(consumed === file.length, 'all of the file is done with');
  check(torn <= batch.packets + 1, 'two places that are torn have a packet between them');
  const packets = [];
  for (let at = 0; at < batch.bytes.length; at += batch.bytes.readUInt16BE(at + 4)) {
    packets.push(batch.bytes.subarray(at, at + batch.bytes.readUInt16BE(at + 4)));
  }
  check(packets.length === batch.packets, 'as many packets as are told');
  for (const packet of packets) check(file.includes(packet), 'a packet is one that stands in the file');
  return packets;
}

/**
 * Whether something that looks like a record begins before the last record, and hides it.
 * @param {Buffer} file @param {number} last where that one begins
 */
function hidesLast(file, last) {
  // Fewer octets than this are too few to tell what they are: one that ends there may be followed by another.
  const end = file.length - LEAST_RECORD;
  for (let magic = file.indexOf('HEP3'); magic !== -1 && magic < last; magic = file.indexOf('HEP3', magic + 1)) {
    if (magic >= RECORD_HEADER && magic + file.readUInt16BE(magic + 4) > end) return true;
  }
  return false;
}

/** The CRC-32 of the records is made right: it would keep everything that was changed from being looked at. @param {Buffer} file */
function withRightSums(file) {
  const changed = Buffer.from(file);
  for (let at = 0; at + LEAST_RECORD <= changed.length;) {
    const end = at + RECORD_HEADER + changed.readUInt32BE(at);
    if (end > changed.length) break;
    changed.writeUInt32BE(crc32(changed.subarray(at + RECORD_HEADER, end)), at + 4);
    at = end;
  }
  return changed;
}

/** @param {Buffer} file */
function segment(file) {
  packetsIn(file);
  const [first] = packetsIn(Buffer.concat([records(GOOD), file]));
  check(first?.equals(GOOD) === true, 'a record that stands first is there, whatever comes behind it');
  // As a process leaves it that is killed while it writes what somebody said.
  const torn = records(hepPacket(Buffer.concat([records(OTHER), file]), 1)).subarray(0, -1);
  check(packetsIn(torn).length === 0, 'what looks like a record in the payload of one that is torn is none');
  const behind = Buffer.concat([file, records(GOOD)]);
  if (hidesLast(behind, file.length)) return;
  const last = packetsIn(behind).at(-1);
  check(last?.includes(GOOD) === true, 'a record that stands last is there, whatever stood before it');
}

/** The file of the position: two entries, a sector apart. @param {Buffer} input */
function position(input) {
  const { writes, position: found } = latestEntry(input);
  const file = Buffer.alloc(1_024);
  encodeEntry({ writes, position: found }).copy(file, 0);
  const next = { segment: found.segment, offset: input.length, claimed: 1 };
  encodeEntry({ writes: (writes + 1) >>> 0, position: next }).copy(file, 512);
  same(latestEntry(file).position, next, 'what was written last counts');
}

/** @param {Buffer} input @returns {Buffer} with entries of the position whose CRC-32 is right */
function withRightEntries(input) {
  const changed = Buffer.alloc(1_024);
  input.subarray(0, 16).copy(changed, 0);
  input.subarray(16, 32).copy(changed, 512);
  for (const at of [0, 512]) changed.writeUInt32BE(crc32(changed.subarray(at, at + 16)), at + 16);
  return changed;
}

/** @type {Target} */
export const spool = {
  name: 'spool',
  what: 'the files of hep_spool, torn or changed: whole records and nothing else, and the last position',
  seeds: [
    records(GOOD, OTHER),
    records(hepPacket(records(OTHER), 1), GOOD),
    records(GOOD).subarray(0, -5),
    Buffer.concat([records(OTHER).subarray(3), records(OTHER)]),
    encodeEntry({ writes: 7, position: { segment: 3, offset: 200, claimed: 2 } }),
  ],
  words: ['HEP3', 'HEP3\0\x0a', '\0\0\0\x0a', '\0\0\xff\xe3', '\xff\xe3', '\xff\xff\xff\xff', '\0\0\0\0'],
  maxLength: 900,
  run(input) {
    segment(input);
    segment(withRightSums(input));
    position(input);
    position(withRightEntries(input));
  },
};
