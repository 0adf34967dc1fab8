/**
 * What stands between a write and the receiving process, at most: the send buffer here (Linux' tcp_wmem[2], 4 MiB),
 * the receive buffer there (tcp_rmem[2], 32 MiB since Linux 6.16, 6 MiB before), and 1 MiB for what node's socket and
 * the receiver's own read buffer hold. Nobody tells which bytes were read, so all that may not have been is counted.
 */
export const IN_TRANSIT_BYTES = (4 + 32 + 1) * 1024 * 1024;

/** The grain in which it is remembered: keeps the list below some 600 entries. */
const RUN_BYTES = 64 * 1024;

interface Run {
  bytes: number;
  packets: number;
}

/** The packets among the last bytes that were handed over on one connection: those that its loss may have cost. */
export class HandedOver {
  readonly #window: number;
  readonly #runs: Run[] = [];
  #bytes = 0;
  #packets = 0;

  constructor(window: number = IN_TRANSIT_BYTES) {
    this.#window = window;
  }

  /** At least the packets of the last `window` bytes, and at most those of one run more. */
  get packets(): number {
    return this.#packets;
  }

  add(bytes: number, packets: number): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last.bytes < RUN_BYTES) {
      last.bytes += bytes;
      last.packets += packets;
    } else {
      this.#runs.push({ bytes, packets });
    }
    this.#bytes += bytes;
    this.#packets += packets;
    this.#forget();
  }

  #forget(): void {
    for (let oldest = this.#runs[0]; oldest !== undefined; oldest = this.#runs[0]) {
      if (this.#bytes - oldest.bytes < this.#window) return;
      this.#runs.shift();
      this.#bytes -= oldest.bytes;
      this.#packets -= oldest.packets;
    }
  }
}
