import type { Log } from '../lib/log.js';
import { DestinationLog } from './destination-log.js';
import { noCounts, type DestinationCounts, type DestinationStats } from './destination-stats.js';
import { PacketQueue, type Batch } from './queue.js';
import { Spool, type SpoolOptions, type SpoolOwner } from './spool.js';
import type { DiskTurn } from './spool-disk.js';
import { TcpTransport } from './tcp.js';
import type { Timing } from './timing.js';
import type { DestinationConfig, Transport, TransportEvents } from './transport.js';
import { UdpTransport } from './udp.js';

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

/** One receiver: its queue, its counters, its place in the log. The transport does the rest. */
export class Destination {
  readonly #config: DestinationConfig;
  readonly #log: DestinationLog;
  readonly #queue: PacketQueue;
  readonly #transport: Transport;
  readonly #spool: Spool | null;
  /** Bytes that wait in memory, over which they go to disk. */
  #spillOver: number;
  readonly #closeTimeout: number;
  #isFinishing = false;
  readonly #counts: DestinationCounts;
  #pump: NodeJS.Immediate | null = null;
  #whenSettled: (() => void)[] = [];
  #isClosed = false;

  constructor(config: DestinationConfig, options: DestinationOptions) {
    const { queueBytes, spool, disk, timing, log, counts = noCounts(), after = null } = options;
    this.#config = config;
    this.#counts = counts;
    const own = log.child({ destination: config.name, transport: config.transport });
    this.#log = new DestinationLog(own, timing.quiet);
    this.#queue = new PacketQueue(queueBytes);
    this.#spillOver = queueBytes / 2;
    this.#closeTimeout = timing.closeTimeout;
    const TransportClass = config.transport === 'udp' ? UdpTransport : TcpTransport;
    this.#transport = new TransportClass(config, timing, this.#events());
    this.#spool = spool === null ? null : new Spool(config.name, spool, this.#spoolOwner(), disk, own, after);
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
    this.#log.dropped(packets, this.#queue.bytes);
  }

  /** A message was left out. */
  countThinned(): void {
    this.#counts.dropped += 1;
    this.#counts.thinned += 1;
    this.#log.thinned();
  }

  countFailed(packets: number, reason: string): void {
    this.#counts.failed += packets;
    this.#log.failed(packets, reason);
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
    this.#log.end();
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
      up: (address) => this.#log.up(address),
      down: (reason, maybe) => {
        this.#counts.maybe += maybe;
        this.#log.down(reason, maybe);
      },
      unreachable: (reason) => this.#log.unreachable(reason),
      progress: () => {
        this.#pumpSoon();
        this.#settle();
      },
      sent: (packets) => (this.#counts.sent += packets),
      failed: (packets, reason) => this.countFailed(packets, reason),
      lost: (packets, reason) => {
        this.#counts.maybe += packets;
        this.#log.failed(packets, reason);
      },
    };
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
