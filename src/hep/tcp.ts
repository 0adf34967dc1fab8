import type { LookupFunction } from 'node:net';
import { Backoff } from './backoff.js';
import { singleLookup } from './lookup.js';
import type { Batch } from './queue.js';
import { TcpConnection, type ConnectionEnd } from './tcp-connection.js';
import type { Timing } from './timing.js';
import { type DestinationConfig, type Transport, type TransportEvents } from './transport.js';

const NOTHING = { bytes: 0, packets: 0 };

/** Packets over TCP or TLS: one connection at a time, and a new one when it is lost. */
export class TcpTransport implements Transport {
  /** What was written counts as sent at once. */
  readonly pending = NOTHING;
  readonly #config: DestinationConfig;
  readonly #timing: Timing;
  readonly #events: TransportEvents;
  readonly #backoff: Backoff;
  readonly #lookup: LookupFunction = singleLookup();
  #connection: TcpConnection | null = null;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #whenClosed: (() => void) | null = null;

  constructor(config: DestinationConfig, timing: Timing, events: TransportEvents) {
    this.#config = config;
    this.#timing = timing;
    this.#events = events;
    this.#backoff = new Backoff(timing.backoffMin, timing.backoffMax);
  }

  get ready(): boolean {
    return !this.#isClosed && (this.#connection?.ready ?? false);
  }

  get connected(): boolean {
    return this.#connection?.connected ?? false;
  }

  get reachable(): boolean {
    return this.#connection !== null;
  }

  get idle(): boolean {
    return this.#connection?.idle ?? true;
  }

  open(): void {
    this.#connect();
  }

  send(batch: Batch): boolean {
    const isHeld = this.#connection?.write(batch) ?? false;
    this.#events.sent(batch.packets);
    return isHeld;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    const connection = this.#connection;
    if (connection === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenClosed = resolve;
      connection.close();
    });
  }

  #connect(): void {
    this.#connection = new TcpConnection(this.#config, this.#lookup, this.#timing, {
      opened: (address) => {
        this.#events.up(address);
        this.#events.progress();
      },
      progress: () => this.#events.progress(),
      ended: (end) => this.#ended(end),
    });
  }

  #ended({ reason, lived, maybe }: ConnectionEnd): void {
    this.#connection = null;
    if (lived !== null) this.#events.down(reason, maybe);
    if (this.#isClosed) {
      this.#whenClosed?.();
      return;
    }
    if (lived !== null && lived >= this.#timing.lived) this.#backoff.reset();
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next());
    if (lived === null) this.#events.unreachable(reason);
    this.#events.progress();
  }
}
