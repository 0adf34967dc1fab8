/**
 * Process: takes HEP over TCP and counts packets. Ready with its port; then answers with the count so far: packets N, as
 * soon as N have arrived (or no more come for a while); total, as soon as no connection is left.
 */
import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { createServer } from 'node:net';
import { listen } from './listen.mjs';
import { serve } from './serve.mjs';

/** `HEP3` and the length of the whole packet in two octets. */
const HEADER = 6;
const MAGIC = 0x48_45_50_33;

/** Milliseconds for the packets that somebody waits for. */
const PATIENCE = 10_000;

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

const sink = createServer((socket) => {
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
});

/** @param {() => boolean} isEnough @returns {Promise<number>} packets */
function countWhen(isEnough) {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      progress.off('change', look);
      resolve(packets);
    };
    const look = () => isEnough() && settle();
    const timer = setTimeout(settle, PATIENCE);
    progress.on('change', look);
    look();
  });
}

serve(await listen(sink), {
  packets: (wanted) => countWhen(() => packets >= Number(wanted)),
  total: () => countWhen(() => connections === 0),
});
