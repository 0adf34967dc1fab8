import type { HepPacket } from '../hep/decode.js';
import type { Terminal } from './command.js';
import { packetLine } from './packet-line.js';

/** Prints packets, and counts what they were. */
export class PacketPage {
  readonly #terminal: Terminal;
  readonly #waits = new Set<() => void>();
  #closes = 0;
  packets = 0;
  events = 0;
  messages = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  readonly show = (packet: HepPacket): void => {
    const { kind, event, line } = packetLine(packet);
    this.#terminal.print(line);
    this.packets += 1;
    if (kind === 'event') this.events += 1;
    if (kind === 'message') this.messages += 1;
    if (event === 'CLOSED') this.#closes += 1;
    for (const check of this.#waits) check();
  };

  /** Resolves when so many connections have been closed, or the signal fires. */
  closed(count: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.#closes < count && !signal.aborted) return;
        this.#waits.delete(check);
        signal.removeEventListener('abort', check);
        resolve();
      };
      this.#waits.add(check);
      signal.addEventListener('abort', check);
      check();
    });
  }
}
