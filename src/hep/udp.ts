import { createSocket, type Socket } from 'node:dgram';
import { isIPv6, type LookupFunction } from 'node:net';
import { AddressWatch } from './address-watch.js';
import { announcedLength } from './format.js';
import type { Batch } from './queue.js';
import type { Timing } from './timing.js';
import { reasonOf, type DestinationConfig, type Transport, type TransportEvents } from './transport.js';

/**
 * No more is handed to the kernel while so much is under way, which it is until the end of the turn at least: some 400
 * packets, 2 ms of work, and more than a busy turn of the event loop brings.
 */
const SOCKET_BYTES = 512 * 1024;

/** Asked for, and cut by the kernel to net.core.wmem_max: a busy link must not make each send wait. */
const SEND_BUFFER_BYTES = 1024 * 1024;

/** Packets over UDP, a datagram each, on a connected socket: so the kernel reports a receiver that is not there. */
export class UdpTransport implements Transport {
  readonly #port: number;
  readonly #events: TransportEvents;
  readonly #watch: AddressWatch;
  readonly #pending = { bytes: 0, packets: 0 };
  #socket: Socket | null = null;
  #isConnected = false;
  #isClosed = false;

  constructor(config: DestinationConfig, timing: Timing, events: TransportEvents, lookup?: LookupFunction) {
    this.#port = config.port;
    this.#events = events;
    this.#watch = new AddressWatch(
      config.host,
      timing,
      {
        found: (address) => this.#connect(address),
        notFound: (reason) => {
          this.#events.unreachable(reason);
          this.#events.progress();
        },
      },
      lookup,
    );
  }

  get ready(): boolean {
    return this.#isConnected && !this.#isClosed && this.#pending.bytes < SOCKET_BYTES;
  }

  get connected(): boolean {
    return this.#isConnected;
  }

  get reachable(): boolean {
    return this.#socket !== null || this.#watch.isResolving;
  }

  get idle(): boolean {
    return this.#pending.packets === 0;
  }

  get pending(): { readonly bytes: number; readonly packets: number } {
    return this.#pending;
  }

  open(): void {
    this.#watch.start();
  }

  send(batch: Batch): boolean {
    const socket = this.#socket;
    if (socket === null) return false;
    const { bytes } = batch;
    const done = this.#counted(batch);
    for (let at = 0, end = 0; at < bytes.length; at = end) {
      end = at + announcedLength(bytes, at);
      try {
        socket.send(bytes.subarray(at, end), done);
      } catch (error) {
        done(error);
      }
    }
    // Node tries a datagram at once, and queues what the kernel does not take then.
    return socket.getSendQueueCount() > 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.close();
    await this.#closeSocket();
  }

  /** One callback for all packets of a batch: what becomes of them is told when it is known of the last one. */
  #counted({ bytes, packets }: Batch): (error: unknown) => void {
    this.#pending.bytes += bytes.length;
    this.#pending.packets += packets;
    let sent = 0;
    let failed = 0;
    let reason = '';
    return (error) => {
      if (error === null || error === undefined) {
        sent += 1;
      } else {
        failed += 1;
        reason = reasonOf(error);
      }
      if (sent + failed < packets) return;
      this.#pending.bytes -= bytes.length;
      this.#pending.packets -= packets;
      this.#events.sent(sent);
      if (failed > 0) {
        this.#events.failed(failed, reason);
        this.#watch.doubt();
      }
      this.#events.progress();
    };
  }

  #connect(address: string): void {
    // Of one that is replaced; what it still has to send fails.
    void this.#closeSocket();
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
    this.#socket = socket;
    socket.on('error', (error) => this.#socketError(socket, reasonOf(error)));
    socket.once('connect', () => {
      if (this.#socket !== socket) return;
      this.#isConnected = true;
      this.#watch.confirm();
      raiseSendBuffer(socket);
      this.#events.up({ ip: address, port: this.#port });
      this.#events.progress();
    });
    socket.connect(this.#port, address);
  }

  #socketError(socket: Socket, reason: string): void {
    if (this.#socket !== socket) return;
    if (this.#isConnected) {
      // What ICMP says of at least one packet that was sent before.
      this.#events.lost(1, reason);
      this.#watch.doubt();
      return;
    }
    void this.#closeSocket();
    this.#watch.reject(reason);
  }

  async #closeSocket(): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    this.#isConnected = false;
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }
}

/** Less than asked for, or none at all, costs speed only. */
function raiseSendBuffer(socket: Socket): void {
  try {
    socket.setSendBufferSize(SEND_BUFFER_BYTES);
  } catch {
    // The system's default stays.
  }
}
