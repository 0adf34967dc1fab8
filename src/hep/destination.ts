import { formatEndpoint, type Endpoint } from '../lib/address.js';
import type { Log } from '../lib/log.js';
import { Episode } from './episode.js';
import { PacketQueue, type Batch } from './queue.js';
import { TcpTransport } from './tcp.js';
import type { Timing } from './timing.js';
import type { DestinationConfig, Transport, TransportEvents, TransportName } from './transport.js';
import { UdpTransport } from './udp.js';

/**
 * What became of the packets: offered = sent + dropped + failed + queuePackets, and of those sent
 * `sent - maybe <= received <= sent` (over UDP the network may lose more).
 */
export interface DestinationStats {
  readonly name: string;
  readonly transport: TransportName;
  /** Handed to the kernel (UDP) or to the connection's socket. */
  readonly sent: number;
  /** Given up before that: the queue was full, over hep_max_rate, tracing was switched off, or msrptap stopped. */
  readonly dropped: number;
  /** Of those dropped: messages over hep_max_rate. */
  readonly thinned: number;
  /** Refused by the kernel, or not possible as a HEP packet. */
  readonly failed: number;
  /** Of those sent: written to a connection that ended before they surely arrived (UDP: refused). Not sent again. */
  readonly maybe: number;
  readonly queueBytes: number;
  readonly queuePackets: number;
  /** 1 while there is a connection; for UDP, once its address is known. */
  readonly connected: 0 | 1;
}

/**
 * The most that is taken from a queue in one turn of the event loop: catching up delays nobody by more than about a
 * millisecond, and a receiver that takes everything still gets more than a busy turn brings.
 */
const TURN_BYTES = 2 * 1024 * 1024;

/** One receiver: its queue, its counters, its place in the log. The transport does the rest. */
export class Destination {
  readonly #config: DestinationConfig;
  readonly #log: Log;
  readonly #queue: PacketQueue;
  readonly #transport: Transport;
  readonly #dropping: Episode;
  readonly #failing: Episode;
  readonly #thinning: Episode;
  readonly #counts = { sent: 0, dropped: 0, failed: 0, maybe: 0, thinned: 0 };
  #pump: NodeJS.Immediate | null = null;
  #whenSettled: (() => void)[] = [];
  /** Why it is not reachable, as was said last. */
  #toldReason: string | null = null;
  #isClosed = false;

  constructor(config: DestinationConfig, queueBytes: number, timing: Timing, log: Log) {
    this.#config = config;
    this.#log = log.child({ destination: config.name, transport: config.transport });
    this.#queue = new PacketQueue(queueBytes);
    this.#dropping = new Episode(timing.quiet, (dropped) =>
      this.#log.info({ dropped }, 'HEP packets no longer dropped'),
    );
    this.#failing = new Episode(timing.quiet, (failed) => this.#log.info({ failed }, 'HEP packets no longer fail'));
    this.#thinning = new Episode(timing.quiet, (leftOut) =>
      this.#log.info({ leftOut }, 'HEP packets within hep_max_rate again'),
    );
    const TransportClass = config.transport === 'udp' ? UdpTransport : TcpTransport;
    this.#transport = new TransportClass(config, timing, this.#events());
    this.#transport.open();
  }

  /** @returns whether the bytes are still held, and may not be written to any more */
  offer(batch: Batch): boolean {
    if (this.#isClosed) {
      this.countDropped(batch.packets);
      return false;
    }
    if (this.#queue.packets === 0 && this.#transport.ready) return this.#transport.send(batch);
    // Which takes copies.
    const refused = this.#queue.push(batch);
    if (refused > 0) this.countDropped(refused);
    this.#pumpSoon();
    return false;
  }

  countDropped(packets: number): void {
    if (packets === 0) return;
    this.#counts.dropped += packets;
    if (this.#isClosed) return;
    if (this.#dropping.add(packets)) this.#log.warn({ queueBytes: this.#queue.bytes }, 'HEP packets are dropped');
  }

  /** A message was left out. */
  countThinned(): void {
    this.#counts.dropped += 1;
    this.#counts.thinned += 1;
    if (this.#isClosed) return;
    if (this.#thinning.add(1)) this.#log.warn('HEP packets over hep_max_rate: messages are left out');
  }

  countFailed(packets: number, reason: string): void {
    this.#counts.failed += packets;
    this.#noteFailing(packets, reason);
  }

  /** Gives up what waits, and packets that were not offered yet: counted as dropped, and no reason for a warning. */
  discard(notOffered: number): void {
    this.#counts.dropped += notOffered + this.#queue.clear();
    this.#settle();
  }

  /** Resolves when it has taken all that waits, or is not reachable. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenSettled.push(resolve);
      this.#settle();
    });
  }

  stats(): DestinationStats {
    const { name, transport } = this.#config;
    const { pending, connected } = this.#transport;
    return {
      name,
      transport,
      ...this.#counts,
      queueBytes: this.#queue.bytes + pending.bytes,
      queuePackets: this.#queue.packets + pending.packets,
      connected: connected ? 1 : 0,
    };
  }

  async close(): Promise<void> {
    this.discard(0);
    this.#isClosed = true;
    if (this.#pump !== null) clearImmediate(this.#pump);
    this.#dropping.end();
    this.#failing.end();
    this.#thinning.end();
    await this.#transport.close();
  }

  #events(): TransportEvents {
    return {
      up: (address) => this.#up(address),
      down: (reason, maybe) => this.#down(reason, maybe),
      unreachable: (reason) => this.#unreachable(reason),
      progress: () => {
        this.#pumpSoon();
        this.#settle();
      },
      sent: (packets) => (this.#counts.sent += packets),
      failed: (packets, reason) => this.countFailed(packets, reason),
      lost: (packets, reason) => {
        this.#counts.maybe += packets;
        this.#noteFailing(packets, reason);
      },
    };
  }

  #up(address: Endpoint): void {
    this.#toldReason = null;
    this.#log.info({ address: formatEndpoint(address) }, 'HEP destination connected');
  }

  #down(reason: string, maybe: number): void {
    this.#counts.maybe += maybe;
    if (!this.#isClosed) this.#log.warn({ reason, maybe }, 'HEP destination lost');
  }

  #noteFailing(packets: number, reason: string): void {
    if (this.#isClosed) return;
    if (this.#failing.add(packets)) this.#log.warn({ reason }, 'HEP packets cannot be sent');
  }

  #unreachable(reason: string): void {
    if (reason !== this.#toldReason) this.#log.warn({ reason }, 'HEP destination not reachable');
    this.#toldReason = reason;
  }

  #pumpSoon(): void {
    if (this.#pump !== null || this.#queue.packets === 0 || !this.#transport.ready) return;
    this.#pump = setImmediate(() => {
      this.#pump = null;
      this.#pumpNow();
    });
  }

  #pumpNow(): void {
    for (let left = TURN_BYTES; left > 0 && this.#transport.ready;) {
      const batch = this.#queue.take(left);
      if (batch === null) break;
      left -= batch.bytes.length;
      this.#transport.send(batch);
    }
    this.#pumpSoon();
  }

  #settle(): void {
    if (this.#whenSettled.length === 0) return;
    const hasTakenAll = this.#queue.packets === 0 && this.#transport.idle;
    if (!hasTakenAll && this.#transport.reachable) return;
    const resolvers = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of resolvers) resolve();
  }
}
