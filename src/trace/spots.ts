/** What is traced for a while although tracing is off (MI: msrptap:trace): the connections of an address, or a session. */
import { isIP } from 'node:net';
import { canonicalIp, parseHostPort, type Endpoint } from '../lib/address.js';

/** As it is asked for and told, here and between processes. */
export interface SpotTime {
  /** `IP`, `IP:PORT`, `[v6]:PORT`: who is connected to msrptap, or what it is connected to. Anything else is a session-id. */
  readonly target: string;
  /** From now on; 0 ends it. */
  readonly seconds: number;
}

/** More than anybody follows at a time; each is compared with every new connection. */
export const MAX_SPOTS = 16;
/** An hour: what is forgotten must not go on for ever. */
export const MAX_SPOT_SECONDS = 3_600;

/** One that connections hold on to; over from the moment on at which its time is. */
export interface Spot {
  readonly target: string;
  readonly isOver: boolean;
}

interface Entry extends Spot {
  readonly address: { readonly ip: string; readonly port: number | null } | null;
  isOver: boolean;
  /** performance.now() of its end. */
  until: number;
}

export class Spots {
  readonly #entries = new Map<string, Entry>();
  #seeksSessions = false;
  #timer: NodeJS.Timeout | null = null;

  /** Whether messages have to be looked at for their session. A plain flag: asked with every read. */
  get seeksSessions(): boolean {
    return this.#seeksSessions;
  }

  /** Those that are not over, with the time that each has left. */
  get times(): readonly SpotTime[] {
    this.#expire();
    const now = performance.now();
    return Array.from(this.#entries.values(), ({ target, until }) => ({ target, seconds: (until - now) / 1_000 }));
  }

  /** Whether there is room for one more, or it is one of those that are there. */
  hasRoomFor(target: string): boolean {
    this.#expire();
    return this.#entries.size < MAX_SPOTS || this.#entries.has(target);
  }

  /** Adds one, or changes the time that it has. */
  set({ target, seconds }: SpotTime): void {
    if (!this.hasRoomFor(target)) return;
    const entry = this.#entries.get(target) ?? { target, address: addressIn(target), isOver: false, until: 0 };
    entry.until = performance.now() + seconds * 1_000;
    this.#entries.set(target, entry);
    this.#expire();
  }

  clear(): void {
    for (const entry of this.#entries.values()) entry.until = 0;
    this.#expire();
  }

  /** The one that the far end of a connection is the target of. */
  ofAddress({ ip, port }: Endpoint): Spot | null {
    if (this.#entries.size === 0) return null;
    const canonical = canonicalIp(ip);
    for (const entry of this.#entries.values()) {
      const { address } = entry;
      if (address?.ip === canonical && (address.port === null || address.port === port)) return entry;
    }
    return null;
  }

  ofSession(id: string): Spot | null {
    const entry = this.#entries.get(id);
    return entry === undefined || entry.address !== null ? null : entry;
  }

  #expire(): void {
    // A millisecond early, as timers may be.
    const now = performance.now() + 1;
    for (const [target, entry] of this.#entries) {
      if (entry.until > now) continue;
      entry.isOver = true;
      this.#entries.delete(target);
    }
    const entries = [...this.#entries.values()];
    this.#seeksSessions = entries.some(({ address }) => address === null);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (entries.length === 0) return;
    const next = Math.min(...entries.map(({ until }) => until));
    this.#timer = setTimeout(() => this.#expire(), next - now + 1).unref();
  }
}

function addressIn(target: string): Entry['address'] {
  if (isIP(target) !== 0) return { ip: canonicalIp(target), port: null };
  // 0 stands for "no port" here: no socket that is connected has it.
  const at = parseHostPort(target, 0);
  if (at === null || isIP(at.host) === 0) return null;
  return { ip: canonicalIp(at.host), port: at.port === 0 ? null : at.port };
}
