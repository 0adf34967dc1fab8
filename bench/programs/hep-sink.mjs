/**
 * Process: takes HEP and counts packets. Its argument: tcp or udp. Ready with its port; then answers with the count so far:
 * packets N, as soon as N have arrived (or no more come for a while); total, as soon as no connection is left (over UDP, as
 * soon as no more come for a while).
 */
import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { listen } from './listen.mjs';
import { serve } from './serve.mjs';

/** `HEP3` and the length of the whole packet in two octets. */
const HEADER = 6;
const MAGIC = 0x48_45_50_33;

const transport = process.argv[2] ?? 'tcp';

/** Milliseconds without a packet after which no more are waited for. Over UDP some are lost where the sink is too slow. */
const QUIET = transport === 'udp' ? 300 : 10_000;
/** Octets; the kernel gives less where net.core.rmem_max says so. */
const RECEIVE_BUFFER = 8_388_608;

let packets = 0;
let connections = 0;
const progress = new EventEmitter();

/** Walks the packets of one connection by their lengths. */
class Walker {
  #header = Buffer.alloc(HEADER);
  #headerOctets = 0;
  /** Octets of the present packet that are still to come, once its header is read. */
  #rest = 0;

  /** @param {Buffer} bytes one read */
  read(bytes) {
    for (let at = 0; at < bytes.length;) {
      at += this.#rest > 0 ? this.#skip(bytes.length - at) : this.#begin(bytes, at);
    }
  }

  /** @param {number} available */
  #skip(available) {
    const octets = Math.min(this.#rest, available);
    this.#rest -= octets;
    if (this.#rest === 0) packets += 1;
    return octets;
  }

  /** @param {Buffer} bytes @param {number} at */
  #begin(bytes, at) {
    const octets = bytes.copy(this.#header, this.#headerOctets, at);
    this.#headerOctets += octets;
    if (this.#headerOctets < HEADER) return octets;
    this.#headerOctets = 0;
    if (this.#header.readUInt32BE(0) !== MAGIC) throw new Error('what arrived at the sink is not HEP');
    // Nothing but a header keeps the connection alive: it is no packet to count.
    this.#rest = this.#header.readUInt16BE(4) - HEADER;
    return octets;
  }
}

function tcpSink() {
  return listen(
    createServer((socket) => {
      const walker = new Walker();
      connections += 1;
      socket.on('data', (/** @type {Buffer} */ bytes) => {
        walker.read(bytes);
        progress.emit('change');
      });
      socket.on('close', () => {
        connections -= 1;
        progress.emit('change');
      });
    }),
  );
}

async function udpSink() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER });
  // As good as one that stays: when it ends cannot be seen.
  connections = 1;
  socket.on('message', (packet) => {
    if (packet.readUInt32BE(0) !== MAGIC) throw new Error('what arrived at the sink is not HEP');
    if (packet.length > HEADER) packets += 1;
    progress.emit('change');
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket.address().port;
}

/** @param {() => boolean} isEnough @returns {Promise<readonly number[]>} packets */
function countWhen(isEnough) {
  return new Promise((resolve) => {
    let seen = packets;
    const settle = () => {
      clearInterval(timer);
      progress.off('change', look);
      resolve([packets]);
    };
    const look = () => isEnough() && settle();
    const timer = setInterval(() => {
      if (packets === seen) settle();
      seen = packets;
    }, QUIET);
    progress.on('change', look);
    look();
  });
}

serve(await (transport === 'udp' ? udpSink() : tcpSink()), {
  packets: (wanted) => countWhen(() => packets >= Number(wanted)),
  total: () => countWhen(() => connections === 0),
});
