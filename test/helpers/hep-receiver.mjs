/**
 * A HEP receiver over TCP in a process of its own: `node hep-receiver.mjs FILE PORT`. After each read it writes what it
 * has got so far into FILE, so that it can be told even when the process was killed: four uint32, little endian:
 * packets, first and last number (a uint32 at the start of the payload), and packets that were wrong.
 */
import { openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';

const [, , path, port] = process.argv;
const file = openSync(path, 'w');
const record = new Uint32Array(4);

function save() {
  writeSync(file, new Uint8Array(record.buffer), 0, record.byteLength, 0);
}

/** The number in a packet, or -1 when the packet is broken. */
function numberIn(packet) {
  for (let at = 6; at + 6 <= packet.length;) {
    const length = packet.readUInt16BE(at + 4);
    if (length < 6 || at + length > packet.length) return -1;
    if (packet.readUInt16BE(at + 2) === 15) return packet.readUInt32BE(at + 6);
    at += length;
  }
  return -1;
}

function take(packet) {
  if (packet.length === 6) return;
  const number = packet.toString('latin1', 0, 4) === 'HEP3' ? numberIn(packet) : -1;
  if (number <= record[2] && record[0] > 0) record[3] += 1;
  if (record[0] === 0) record[1] = number;
  record[0] += 1;
  record[2] = number;
}

const server = createServer((socket) => {
  let rest = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 6) {
      const length = rest.readUInt16BE(4);
      if (length < 6) {
        record[3] += 1;
        socket.destroy();
        break;
      }
      if (rest.length < length) break;
      take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    save();
  });
});

save();
server.listen(Number(port), '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
