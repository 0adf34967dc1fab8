import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { NextHop, Observer } from '../events.js';
import type { Endpoint } from '../lib/address.js';
import type { Connection } from '../net/connection.js';
import type { DialContext } from '../net/dial.js';
import { type AcceptFailure, Listener, type ListenerOptions } from '../net/listener.js';
import type { ServerTls } from '../net/server-tls.js';
import { Link } from './link.js';
import type { LinkOptions } from './options.js';

export interface ProxyListener {
  readonly proto: 'msrp' | 'msrps';
  readonly ip: string;
  readonly port: number;
  readonly upstream: NextHop;
  /** The server_domains; null for msrp. */
  readonly tls: ServerTls | null;
}

export interface ProxyOptions extends LinkOptions {
  /** Accepted connections, handshakes included; one more is reset. */
  readonly max_connections: number;
  /** What TLS session tickets are made with, 48 octets. */
  readonly ticketKeys?: Buffer;
}

/** How often an ending drain looks whether it is over. */
const DRAIN_POLL_MS = 20;

/** How long links that were cut may take to close. */
const CUT_MS = 1_000;

/** All listeners and all links. */
export class Proxy {
  readonly #options: ProxyOptions;
  readonly #context: DialContext;
  readonly #observer: Observer;
  readonly #listeners: Listener[];
  readonly #links = new Set<Link>();
  readonly #ended = (link: Link): void => void this.#links.delete(link);
  /** Keeps link ids of two starts apart in Homer. */
  readonly #start = randomBytes(4).toString('hex');
  #count = 0;

  constructor(listeners: readonly ProxyListener[], options: ProxyOptions, context: DialContext, observer: Observer) {
    this.#options = options;
    this.#context = context;
    this.#observer = observer;
    this.#listeners = listeners.map((each) => this.#listener(each));
  }

  get links(): ReadonlySet<Link> {
    return this.#links;
  }

  /**
   * Binds all listeners, or none.
   * @throws MsrptapError listen_failed
   */
  async listen(): Promise<Endpoint[]> {
    try {
      return await Promise.all(this.#listeners.map((listener) => listener.listen()));
    } catch (error) {
      this.stopAccepting();
      throw error;
    }
  }

  /** Accepted connections, those in a handshake included. */
  get accepted(): number {
    return this.#listeners.reduce((sum, { handshakes }) => sum + handshakes, this.#links.size);
  }

  /** A connection that the control process accepted on the listener with that index. */
  take(listener: number, raw: Socket): void {
    const taker = this.#listeners[listener];
    if (taker === undefined) raw.destroy();
    else taker.take(raw);
  }

  /** One that it refused. */
  refused(listener: number, failure: AcceptFailure): void {
    const proto = this.#listeners[listener]?.proto;
    if (proto !== undefined) this.#acceptFailed(proto, failure);
  }

  /** New certificates for the handshakes to come. */
  useTls(tls: ServerTls): void {
    for (const listener of this.#listeners) if (listener.proto === 'msrps') listener.useTls(tls);
  }

  stopAccepting(): void {
    for (const listener of this.#listeners) listener.close();
  }

  /**
   * Accepts nothing more and ends every link at a message boundary; those that have not ended after `timeout`
   * milliseconds, or when `signal` fires, are cut.
   * @returns how many were cut
   */
  async drain(timeout: number, signal?: AbortSignal): Promise<number> {
    this.stopAccepting();
    for (const link of this.#links) link.drain();
    const deadline = performance.now() + timeout;
    const isTimeUp = (): boolean => performance.now() >= deadline || signal?.aborted === true;
    while (this.#links.size > 0 && !isTimeUp()) await pause();
    const cut = this.#links.size;
    this.cut();
    // A reset closes within a few turns; nobody can hold it up, and no fault in here may hold up the stop.
    const patience = performance.now() + CUT_MS;
    while (this.#links.size > 0 && performance.now() < patience) await pause();
    return cut;
  }

  /** Resets one link, as an operator wants it. @returns whether there is one with that id */
  close(id: string): boolean {
    for (const link of this.#links) {
      if (link.id !== id) continue;
      link.cut('closed_by_mi', 'SUCCESS');
      return true;
    }
    return false;
  }

  /** Resets all links in this turn: what ends without a drain must not look like a clean end. */
  cut(): void {
    for (const link of this.#links) link.cut('drained', 'SUCCESS');
  }

  #listener({ proto, ip, port, upstream, tls }: ProxyListener): Listener {
    const options: ListenerOptions = { ...this.#options, proto, ip, port };
    return new Listener(options, tls, {
      refuse: () => (this.accepted >= this.#options.max_connections ? 'max_connections' : null),
      onConnection: (connection) => this.#open(connection, upstream),
      onFailure: (failure) => this.#acceptFailed(proto, failure),
    });
  }

  #acceptFailed(proto: 'msrp' | 'msrps', failure: AcceptFailure): void {
    this.#observer.acceptFailed({ ...failure, link: this.#nextId(), leg: 'downstream', proto });
  }

  #open(connection: Connection, upstream: NextHop): void {
    const link = new Link(
      this.#nextId(),
      upstream,
      connection,
      this.#options,
      this.#context,
      (facts) => this.#observer.link(facts),
      this.#ended,
    );
    this.#links.add(link);
  }

  #nextId(): string {
    this.#count += 1;
    return `${this.#start}-${this.#count}`;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
}
