import type { Endpoint } from '../lib/address.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Destination } from './destination.js';
import type { DestinationStats } from './destination-stats.js';
import { Destinations } from './destinations.js';
import { MAX_PACKET_BYTES } from './format.js';
import { PacketTemplates, type PacketFlow, type PacketIdentity } from './packet.js';
import type { SpoolOptions } from './spool.js';
import { Thinning, type LeftOut } from './thinning.js';
import { DEFAULT_TIMING, type Timing } from './timing.js';
import type { DestinationConfig } from './transport.js';

export type { DestinationStats } from './destination-stats.js';
export type { DestinationConfig, TlsOptions } from './transport.js';

/** What a reload may change. */
export interface ExporterSettings {
  readonly identity: PacketIdentity;
  /** Memory for packets that wait, per destination, in bytes. */
  readonly queueBytes: number;
  /** Packets in a second towards each destination; messages over it are left out. Default 0: any number. */
  readonly maxRate?: number;
  /** failover: each packet goes to the first destination that works, in place of all of them. Default: copies. */
  readonly policy?: 'copies' | 'failover';
  /** Where packets wait on disk for a destination that is down. Default: nowhere. */
  readonly spool?: SpoolOptions | null;
  readonly destinations: readonly DestinationConfig[];
}

export interface ExporterOptions extends ExporterSettings {
  readonly log: Log;
  readonly timing?: Partial<Timing>;
}

/** A few seconds of a busy machine's packets: a restart of the receiver costs none. */
export const DEFAULT_QUEUE_BYTES = 16 * 1024 * 1024;

/** Room for the packets of one turn of the event loop, and for a packet of any size. When it is full it is flushed early. */
const SLAB_BYTES = 64 * 1024;

/**
 * Sends HEP packets to all destinations. A packet is written once, whatever their number; the packets of one turn of
 * the event loop go out together. Nothing here throws at the caller or makes him wait.
 */
export class HepExporter {
  readonly #destinations: Destinations;
  #templates: PacketTemplates;
  /** All destinations get the same packets, so one rate holds for each of them. null: any number. */
  #thinning: Thinning | null = null;
  #maxRate = 0;
  #isFailover = false;
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Before it stand packets that a destination still holds. */
  #slabStart = 0;
  #slabEnd = 0;
  #slabPackets = 0;
  #flushing: NodeJS.Immediate | null = null;
  #closing: Promise<void> | null = null;

  constructor({ log, timing, ...settings }: ExporterOptions) {
    this.#templates = new PacketTemplates(settings.identity);
    this.#destinations = new Destinations({ timing: { ...DEFAULT_TIMING, ...timing }, log });
    this.use(settings);
  }

  /** From now on; what came before goes where it would have gone. Flows that were made keep the identity that they have. */
  use({ identity, queueBytes, maxRate = 0, policy = 'copies', spool = null, destinations }: ExporterSettings): void {
    if (maxRate !== this.#maxRate) this.#thinning?.flush();
    this.#flush();
    this.#templates = new PacketTemplates(identity);
    this.#isFailover = policy === 'failover';
    this.#destinations.use(destinations, { queueBytes, spool });
    if (maxRate === this.#maxRate) return;
    this.#maxRate = maxRate;
    this.#thinning =
      maxRate === 0 ? null : new Thinning({ rate: maxRate, tell: (id, leftOut) => this.#writeNote(id, leftOut) });
  }

  /** Of the identity that is in force now. */
  get flows(): Pick<PacketTemplates, 'flow'> {
    return this.#templates;
  }

  /**
   * The packets of one direction of one connection.
   * @param payloadType the HEP protocol type, 1 to 255
   * @throws MsrptapError hep_address_invalid
   */
  flow(payloadType: number, source: Endpoint, destination: Endpoint): PacketFlow {
    return this.#templates.flow(payloadType, source, destination);
  }

  /**
   * Takes a copy at once. A packet that would be over 65507 bytes counts as failed.
   * @param timeMicros microseconds since 1970
   */
  send(flow: PacketFlow, timeMicros: number, correlationId: string, payload: Uint8Array): void {
    this.#thinning?.event(correlationId);
    this.#write(flow, timeMicros, correlationId, payload);
  }

  /** As send(), of what is left out when there are more packets than maxRate. */
  sendMessage(flow: PacketFlow, timeMicros: number, correlationId: string, payload: Uint8Array): void {
    if (this.#thinning === null || this.#thinning.admits(flow, timeMicros, correlationId)) {
      this.#write(flow, timeMicros, correlationId, payload);
    } else {
      for (const destination of this.#receivers) destination.countThinned();
    }
  }

  #writeNote(correlationId: string, { flow, time, count }: LeftOut): void {
    this.#write(flow, time, correlationId, Buffer.from(`[msrptap: ${count} messages left out by hep_max_rate]`));
  }

  #write(flow: PacketFlow, timeMicros: number, correlationId: string, payload: Uint8Array): void {
    const size = flow.size(correlationId, payload.length);
    if (size <= MAX_PACKET_BYTES && this.#slabEnd + size > SLAB_BYTES) this.#makeRoom(size);
    try {
      this.#slabEnd = flow.write(this.#slab, this.#slabEnd, timeMicros, correlationId, payload);
      this.#slabPackets += 1;
    } catch (error) {
      for (const destination of this.#receivers) destination.countFailed(1, messageOf(error));
      return;
    }
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  /** Packets that were given up before they got here. */
  countDropped(packets: number): void {
    for (const destination of this.#receivers) destination.countDropped(packets);
  }

  /** Held, as tracing is off: what is on disk stays there. */
  hold(isHeld: boolean): void {
    this.#destinations.hold(isHeld);
  }

  /**
   * Gives up all that waits in memory, as tracing was switched off: counted as dropped. What a socket has already goes its
   * way.
   */
  discard(): void {
    this.#thinning?.discard();
    const notOffered = this.#slabPackets;
    this.#emptySlab();
    const receivers = this.#receivers;
    for (const destination of this.#destinations.all) {
      destination.discard(receivers.includes(destination) ? notOffered : 0);
    }
  }

  stats(): DestinationStats[] {
    const [bytes, packets] = [this.#slabEnd - this.#slabStart, this.#slabPackets];
    const receivers = this.#receivers;
    return this.#destinations.all.map((destination) => {
      const stats = destination.stats();
      if (!receivers.includes(destination)) return stats;
      return { ...stats, queueBytes: stats.queueBytes + bytes, queuePackets: stats.queuePackets + packets };
    });
  }

  /**
   * Resolves when every destination that can be reached has taken everything (and the disk has the rest, if there is a
   * spool), or the time is up; what then remains in memory counts as dropped.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#thinning?.flush();
    this.#flush();
    await this.#destinations.drain(timeoutMs);
    this.discard();
  }

  /** Gives up what waits and ends the connections; what is sent later counts as dropped. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.discard();
    await this.#destinations.close();
  }

  /** Who gets the packets of this turn. With failover and none that works, the first: there they wait. */
  get #receivers(): readonly Destination[] {
    const { all } = this.#destinations;
    if (!this.#isFailover) return all;
    const healthy = all.find(({ isHealthy }) => isHealthy) ?? all[0];
    return healthy === undefined ? [] : [healthy];
  }

  #makeRoom(size: number): void {
    this.#flush();
    if (this.#slabStart + size <= SLAB_BYTES) return;
    this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#slabStart = 0;
    this.#slabEnd = 0;
  }

  #flush(): void {
    if (this.#slabPackets > 0) {
      const batch = { bytes: this.#slab.subarray(this.#slabStart, this.#slabEnd), packets: this.#slabPackets };
      let isHeld = false;
      for (const destination of this.#receivers) if (destination.offer(batch)) isHeld = true;
      // One that holds the bytes has them to itself; else their place is used again.
      if (isHeld) this.#slabStart = this.#slabEnd;
    }
    this.#emptySlab();
  }

  #emptySlab(): void {
    if (this.#flushing !== null) clearImmediate(this.#flushing);
    this.#flushing = null;
    this.#slabEnd = this.#slabStart;
    this.#slabPackets = 0;
  }
}
