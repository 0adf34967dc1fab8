import { formatEndpoint, type Endpoint } from '../lib/address.js';
import type { Log } from '../lib/log.js';
import { Episode } from './episode.js';
import { PacketQueue, type Batch } from './queue.js';
import { Spool, type SpoolOptions, type SpoolOwner, type SpoolStats } from './spool.js';
import type { DiskTurn } from './spool-disk.js';
import { TcpTransport } from './tcp.js';
import type { Timing } from './timing.js';
import type { DestinationConfig, Transport, TransportEvents, TransportName } from './transport.js';
import { UdpTransport } from './udp.js';

/**
 * What became of the packets: offered = sent + dropped + failed + queuePackets + spool.packets, and of those
 * sent `sent - maybe <= received <= sent` (over UDP the network may lose more). What an earlier run left in the spool is
 * offered too.
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
  /** null: there is none. */
  readonly spool: SpoolStats | null;
}

/**
 * The most that is taken from a queue in one turn of the event loop: catching up delays nobody by more than about a
 * millisecond, and a receiver that takes everything still gets more than a busy turn brings.
 */
const TURN_BYTES = 2 * 1024 * 1024;

/** The most that goes to disk at once. */
const SPILL_BYTES = 64 * 1024;

export interface DestinationOptions {
  /** Memory for packets that wait, in bytes. */
  readonly queueBytes: number;
  /** Where packets go when the queue is half full, or the receiver is not there. null: nowhere. */
  readonly spool: SpoolOptions | null;
  /** All destinations share it. */
  readonly disk: DiskTurn;
  readonly timing: Timing;
  readonly log: Log;
  /** Default: from 0 on. */
  readonly counts?: DestinationCounts;
  /** When the one of the same name that was before it has closed its spool. */
  readonly after?: Promise<unknown> | null;
}

/** What a destination has counted: of its name, so that one which is replaced by another goes on counting. */
export interface DestinationCounts {
  sent: number;
  dropped: number;
  failed: number;
  maybe: number;
  thinned: number;
}

export function noCounts(): DestinationCounts {
  return { sent: 0, dropped: 0, failed: 0, maybe: 0, thinned: 0 };
}

/** One receiver: its queue, its counters, its place in the log. The transport does the rest. */
export class Destination {
  readonly #config: DestinationConfig;
  readonly #log: Log;
  readonly #queue: PacketQueue;
  readonly #transport: Transport;
  readonly #spool: Spool | null;
  /** Bytes that wait in memory, over which they go to disk. */
  #spillOver: number;
  readonly #closeTimeout: number;
  #isFinishing = false;
  readonly #dropping: Episode;
  readonly #failing: Episode;
  readonly #thinning: Episode;
  readonly #counts: DestinationCounts;
  #pump: NodeJS.Immediate | null = null;
  #whenSettled: (() => void)[] = [];
  /** Why it is not reachable, as was said last. */
  #toldReason: string | null = null;
  #isClosed = false;

  constructor(config: DestinationConfig, options: DestinationOptions) {
    const { queueBytes, spool, disk, timing, log, counts = noCounts(), after = null } = options;
    this.#config = config;
    this.#counts = counts;
    this.#log = log.child({ destination: config.name, transport: config.transport });
    this.#queue = new PacketQueue(queueBytes);
    this.#spillOver = queueBytes / 2;
    this.#closeTimeout = timing.closeTimeout;
    this.#dropping = new Episode(timing.quiet, (dropped) =>
      this.#log.info({ dropped }, 'HEP packets no longer dropped'),
    );
    this.#failing = new Episode(timing.quiet, (failed) => this.#log.info({ failed }, 'HEP packets no longer fail'));
    this.#thinning = new Episode(timing.quiet, (leftOut) =>
      this.#log.info({ leftOut }, 'HEP packets within hep_max_rate again'),
    );
    const TransportClass = config.transport === 'udp' ? UdpTransport : TcpTransport;
    this.#transport = new TransportClass(config, timing, this.#events());
    this.#spool = spool === null ? null : new Spool(config.name, spool, this.#spoolOwner(), disk, this.#log, after);
    this.#transport.open();
  }

  /** What it goes on counting in. */
  get counts(): DestinationCounts {
    return this.#counts;
  }

  get config(): DestinationConfig {
    return this.#config;
  }

  /** Other limits, from now on. @param spoolBytes null: there is no spool */
  limit(queueBytes: number, spoolBytes: number | null): void {
    this.#queue.limit = queueBytes;
    this.#spillOver = queueBytes / 2;
    if (this.#spool !== null && spoolBytes !== null) this.#spool.maxBytes = spoolBytes;
  }

  /** Whether packets would get to the receiver soon: it is there, and does not let too many wait. */
  get isHealthy(): boolean {
    return this.#transport.connected && this.#queue.bytes <= this.#spillOver;
  }

  /** @returns whether the bytes are still held, and may not be written to any more */
  offer(batch: Batch): boolean {
    if (this.#isClosed) {
      this.countDropped(batch.packets);
      return false;
    }
    if (this.#queue.packets === 0 && this.#isOpen) return this.#transport.send(batch);
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
    this.#counts.dropped += notOffered + this.#queue.clear() + (this.#spool?.discard() ?? 0);
    this.#settle();
  }

  /** Held: what is on disk stays there. */
  hold(isHeld: boolean): void {
    this.#spool?.hold(isHeld);
  }

  /** As the end is near, what waits behind packets on disk, or for a receiver that is not there, goes to disk too. */
  finish(): void {
    this.#isFinishing = true;
    this.#spool?.finish();
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
    const spilling = this.#spool?.pending ?? NOTHING;
    return {
      name,
      transport,
      ...this.#counts,
      queueBytes: this.#queue.bytes + pending.bytes + spilling.bytes,
      queuePackets: this.#queue.packets + pending.packets + spilling.packets,
      connected: connected ? 1 : 0,
      spool: this.#spool?.stats() ?? null,
    };
  }

  async close(): Promise<void> {
    this.discard(0);
    this.#isClosed = true;
    if (this.#pump !== null) clearImmediate(this.#pump);
    this.#dropping.end();
    this.#failing.end();
    this.#thinning.end();
    await Promise.all([this.#transport.close(), this.#closeSpool()]);
  }

  /** A disk that hangs does not keep the process. */
  async #closeSpool(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#closeTimeout);
    });
    await Promise.race([this.#spool?.close(), timeUp]);
    clearTimeout(timer);
  }

  #spoolOwner(): SpoolOwner {
    const isReady = (): boolean => !this.#isClosed && this.#transport.ready;
    return {
      get ready() {
        return isReady();
      },
      spill: () => this.#spill(),
      send: (batch) => void this.#transport.send(batch),
      maybe: (packets) => {
        this.#counts.sent += packets;
        this.#counts.maybe += packets;
      },
      dropped: (packets) => this.countDropped(packets),
      progress: () => {
        this.#pumpSoon();
        this.#settle();
      },
    };
  }

  #spill(): Batch | null {
    const spool = this.#spool;
    if (spool === null || this.#isClosed) return null;
    const isDue =
      !this.#transport.connected || this.#queue.bytes > this.#spillOver || (this.#isFinishing && !spool.passes);
    return isDue ? this.#queue.take(SPILL_BYTES) : null;
  }

  /** Whether packets may go out now. */
  get #isOpen(): boolean {
    return this.#transport.ready && (this.#spool === null || this.#spool.passes);
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
    this.#spool?.kick();
    if (this.#pump !== null || this.#queue.packets === 0 || !this.#isOpen) return;
    this.#pump = setImmediate(() => {
      this.#pump = null;
      this.#pumpNow();
    });
  }

  #pumpNow(): void {
    for (let left = TURN_BYTES; left > 0 && this.#isOpen;) {
      const batch = this.#queue.take(left);
      if (batch === null) break;
      left -= batch.bytes.length;
      this.#transport.send(batch);
    }
    this.#pumpSoon();
  }

  #settle(): void {
    if (this.#whenSettled.length === 0) return;
    if (this.#transport.reachable ? !this.#hasTakenAll : this.#isSpilling) return;
    const resolvers = this.#whenSettled;
    this.#whenSettled = [];
    for (const resolve of resolvers) resolve();
  }

  get #hasTakenAll(): boolean {
    return this.#queue.packets === 0 && this.#transport.idle && (this.#spool?.isQuiet ?? true);
  }

  /** Whether what waits in memory is on its way to disk. */
  get #isSpilling(): boolean {
    if (this.#spool === null || this.#spool.isFailing) return false;
    return this.#queue.packets > 0 || !this.#spool.isQuiet;
  }
}

const NOTHING = { bytes: 0, packets: 0 };
