import type { Socket } from 'node:net';

/** As large as the largest read. */
const SLAB_BYTES = 65_536;

/**
 * Writes copies of bytes that belong to the caller again when the write returns. Mostly the kernel takes a write
 * at once; then the place of its copy is used for the next one, of whichever socket. A write that it has not taken
 * keeps its place.
 */
export class Outgoing {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Before it stand bytes that a socket still holds. */
  #start = 0;

  write(socket: Socket, bytes: Uint8Array): void {
    // A socket holds a place of the slab for one write at most: how much memory slow readers can hold is bounded by
    // their number, and not by that of their writes.
    if (socket.writableLength > 0 || bytes.length > SLAB_BYTES) {
      socket.write(ownCopy(bytes));
      return;
    }
    if (this.#start + bytes.length > SLAB_BYTES) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#start = 0;
    }
    const end = this.#start + bytes.length;
    this.#slab.set(bytes, this.#start);
    socket.write(this.#slab.subarray(this.#start, end));
    if (socket.writableLength > 0) this.#start = end;
  }
}

/** Not of Buffer's pool, of which a few octets may hold 8 KiB. */
function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
