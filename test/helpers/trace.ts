/** What Homer would get: every packet that msrptap sends, read by the decoder of hep.ts and made comparable. */
import { expect, onTestFinished } from 'vitest';
import { receiveTcp, receiveUdp, type Receiver, type WirePacket } from './hep.js';

/** The JSON of a connection event, as the design has it. */
export interface TracedEvent {
  readonly Protocol: string;
  readonly Event: 'ACCEPTED' | 'CONNECTED' | 'CLOSED' | 'TRANSACTION';
  readonly Status: 'SUCCESS' | 'FAILURE';
  readonly Message: string;
  readonly Leg: 'downstream' | 'upstream';
  readonly Link: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Session?: string;
  readonly Reason?: string;
  readonly BytesIn?: number;
  readonly BytesOut?: number;
  readonly MessagesIn?: number;
  readonly MessagesOut?: number;
  readonly Duration?: number;
  readonly Method?: string;
  readonly TransactionId?: string;
  readonly Age?: number;
  readonly Count?: number;
}

export interface Traced {
  /** `ip:port`, `[v6]:port`. */
  readonly source: string;
  readonly destination: string;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly id: string;
  readonly payload: Buffer;
  /** null: a message. */
  readonly event: TracedEvent | null;
}

export class Trace {
  /** Whether packets may carry the Call-ID of a SIP call in place of their session. */
  isCorrelated = false;
  readonly #receiver: Receiver;
  readonly #startedAt = Date.now() * 1_000;
  readonly #packets: Traced[] = [];

  private constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  static async start(transport: 'tcp' | 'udp' = 'tcp'): Promise<Trace> {
    const receiver = await (transport === 'tcp' ? receiveTcp() : receiveUdp());
    onTestFinished(() => receiver.close());
    return new Trace(receiver);
  }

  get port(): number {
    return this.#receiver.port;
  }

  /** All so far, in the order in which they came. */
  get packets(): readonly Traced[] {
    for (const packet of this.#receiver.packets.slice(this.#packets.length)) this.#packets.push(this.#read(packet));
    return this.#packets;
  }

  get messages(): readonly Traced[] {
    return this.packets.filter(({ event }) => event === null);
  }

  /** Resolves when so many packets are there. */
  async count(packets: number): Promise<readonly Traced[]> {
    await this.#receiver.received(packets);
    return this.packets;
  }

  /** Resolves with the first event that has all of `wanted`. */
  async event(wanted: Partial<TracedEvent>): Promise<TracedEvent> {
    const found = await this.until((packet) => packet.event !== null && hasAll(packet.event, wanted));
    return found.event as TracedEvent;
  }

  /** Resolves with the first message whose payload is `payload`. */
  message(payload: Buffer): Promise<Traced> {
    return this.until((packet) => packet.payload.equals(payload));
  }

  async until(wanted: (packet: Traced) => boolean): Promise<Traced> {
    for (let seen = 0; ; seen = this.packets.length) {
      if (seen > 0) await this.#receiver.received(seen + 1);
      else await this.#receiver.received(1);
      const found = this.packets.slice(seen).find(wanted);
      if (found !== undefined) return found;
    }
  }

  events(wanted: Partial<TracedEvent> = {}): readonly TracedEvent[] {
    return this.packets.flatMap(({ event }) => (event !== null && hasAll(event, wanted) ? [event] : []));
  }

  /** In the order of their times, as Homer shows them; no two of a link (`id`) may be alike. */
  ladder(id: string): readonly Traced[] {
    const ofLink = this.packets.filter((packet) => packet.id === id).toSorted((a, b) => a.time - b.time);
    expect(new Set(ofLink.map(({ time }) => time)).size).toBe(ofLink.length);
    return ofLink;
  }

  /** Reads a packet, and checks what holds for all of them. */
  #read(packet: WirePacket): Traced {
    const { family, source4, destination4, source6, destination6, seconds = 0, microseconds = 0 } = packet;
    expect(packet).toMatchObject({ protocol: 6, type: 100, captureId: 1 });
    expect([source4 === undefined, source6 === undefined]).toEqual(family === 2 ? [false, true] : [true, false]);
    expect([destination4, destination6].filter((address) => address !== undefined)).toHaveLength(1);
    expect(microseconds).toBeLessThan(1_000_000);
    const time = seconds * 1_000_000 + microseconds;
    expect(time).toBeGreaterThanOrEqual(this.#startedAt - CLOCK_STEP);
    expect(time).toBeLessThanOrEqual(Date.now() * 1_000 + CLOCK_STEP);
    const event =
      packet.payload.toString('latin1', 0, 1) === '{' ? (JSON.parse(packet.payload.toString()) as TracedEvent) : null;
    const traced = {
      source: socketOf(source4, source6, packet.sourcePort),
      destination: socketOf(destination4, destination6, packet.destinationPort),
      time,
      id: packet.correlationId ?? '',
      payload: packet.payload,
      event,
    };
    if (event?.Session !== undefined && !this.isCorrelated) expect(event.Session).toBe(traced.id);
    return traced;
  }
}

/** Times have microseconds, Date has not: they may differ by this much, in microseconds. */
const CLOCK_STEP = 5_000;

function hasAll(event: TracedEvent, wanted: Partial<TracedEvent>): boolean {
  const values = new Map(Object.entries(event));
  return Object.entries(wanted).every(([key, value]) => values.get(key) === value);
}

function socketOf(v4: string | undefined, v6: string | undefined, port: number | undefined): string {
  if (v4 !== undefined) return `${dotted(v4)}:${port}`;
  const hex = v6 ?? '';
  if (hex.startsWith('00000000000000000000ffff')) return `[::ffff:${dotted(hex.slice(24))}]:${port}`;
  const groups = hex.match(/.{4}/g) ?? [];
  return `${new URL(`http://[${groups.join(':')}]`).hostname}:${port}`;
}

function dotted(hex: string): string {
  return [...Buffer.from(hex, 'hex')].join('.');
}
