import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { NextHop, Observer } from '../events.js';
import { type Endpoint, canonicalIp } from '../lib/address.js';
import type { SocketRange } from '../lib/cidr.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import { listenerKeys } from '../lib/listener-keys.js';
import type { Prepared } from '../lib/prepared.js';
import type { OpenSocket } from '../lib/socket-fd.js';
import { AcceptGate, type AcceptLimits, type Admission, carriesOthers } from '../net/accept-gate.js';
import { Buffers, type BufferLimits } from '../net/buffers.js';
import type { Connection } from '../net/connection.js';
import type { ClientTls } from '../net/client-tls.js';
import { type AcceptFailure, Listener, type ListenerOptions } from '../net/listener.js';
import type { ProxyProtocolOptions } from '../net/proxy-header-reader.js';
import { Resolver } from '../net/resolver.js';
import type { ServerTls } from '../net/server-tls.js';
import { Sources } from '../net/sources.js';
import { FixedRoute } from './fixed-route.js';
import { Link } from './link.js';
import { type ListenerMap, Listeners } from './listeners.js';
import { type LinkContext, linkContext, type LinkOptions, type MessageLimits, PEER_LOOKUPS } from './options.js';
import { OwnSockets } from './own-sockets.js';
import type { Route } from './route.js';
import { ToPathRules } from './to-path.js';
import { type ToPathOptions, ToPathRoute } from './to-path-route.js';
import { type UpstreamFigures, type UpstreamPolicy, UpstreamList, Upstreams } from './upstreams.js';

export interface ProxyListener {
  readonly proto: 'msrp' | 'msrps';
  readonly ip: string;
  readonly port: number;
  /** Next hops, at least one; or the first request of each connection names its own. */
  readonly upstream: readonly NextHop[] | 'to_path';
  readonly upstream_policy: UpstreamPolicy;
  /** null: no PROXY protocol is read here. */
  readonly proxy_protocol: ProxyProtocolOptions | null;
  /** The version of the PROXY protocol that next hops are sent; 0: none. */
  readonly send_proxy: 0 | 1 | 2;
  /** The server_domains; null for msrp. */
  readonly tls: ServerTls | null;
}

export interface ProxyLimits extends AcceptLimits, BufferLimits, MessageLimits {}

export interface ProxyOptions extends LinkOptions {
  readonly limits: ProxyLimits;
  /** What TLS session tickets are made with, 48 octets. */
  readonly ticketKeys?: Buffer;
  /** Which next hop of a list round_robin begins with; workers that all began with the first would favour it. */
  readonly firstTurn?: number;
  readonly to_path: ToPathOptions & { readonly allow: readonly SocketRange[] };
}

export interface ProxyContext {
  /** Asked when a TLS handshake with a next hop begins. */
  readonly clientTls: ClientTls;
  /** Whether a socket is an upstream one of another process of this program. */
  readonly isOthersUpstream: (source: Endpoint) => boolean | Promise<boolean>;
  /** Told when a connection closes that the control process counts as of this source. */
  readonly onGone?: ((source: string) => void) | undefined;
}

/** How often an ending drain looks whether it is over. */
const DRAIN_POLL_MS = 20;

/** How long links that were cut may take to close. */
const CUT_MS = 1_000;

/** All listeners and all links. */
export class Proxy {
  #options: ProxyOptions;
  readonly #context: ProxyContext;
  readonly #own = new OwnSockets();
  readonly #upstreams = new Upstreams();
  /** For names of the configuration, and for those that peers make up. */
  readonly #resolvers = { own: new Resolver(), peers: new Resolver(PEER_LOOKUPS) };
  readonly #observer: Observer;
  /** Connections that were accepted here, where limits.connections_per_source is set. */
  readonly #sources = new Sources();
  readonly #gate: AcceptGate;
  /** What waits for slow readers. */
  readonly buffers: Buffers;
  readonly #listeners: Listeners;
  readonly #links = new Set<Link>();
  readonly #ended = (link: Link): void => void this.#links.delete(link);
  /** Keeps link ids of two starts apart in Homer. */
  readonly #start = randomBytes(4).toString('hex');
  #count = 0;

  constructor(listeners: readonly ProxyListener[], options: ProxyOptions, context: ProxyContext, observer: Observer) {
    this.#options = options;
    this.#context = context;
    this.#observer = observer;
    this.buffers = new Buffers(() => this.#options.limits);
    this.#gate = new AcceptGate(() => this.#options.limits, {
      all: () => this.accepted,
      of: (source) => this.#sources.of(source),
    });
    this.#own.use(listeners.filter(({ port }) => port !== 0));
    this.#listeners = new Listeners(this.#made(listeners, options));
    this.#upstreams.use(nextHopsOf(listeners));
  }

  get links(): ReadonlySet<Link> {
    return this.#links;
  }

  /** Where it listens, in the order of the configuration. */
  get addresses(): readonly Endpoint[] {
    return this.#listeners.addresses;
  }

  /**
   * Binds all listeners, or none.
   * @throws MsrptapError listen_failed
   */
  listen(inherited?: InheritedSockets): Promise<readonly Endpoint[]> {
    return this.#listeners.listen(inherited);
  }

  /**
   * Other listeners and options, for the connections to come: those that stand, and handshakes under way, keep theirs.
   * @throws MsrptapError listen_failed; nothing is bound then that was not before
   */
  async prepare(listeners: readonly ProxyListener[], options: ProxyOptions): Promise<Prepared> {
    const { use, discard } = await this.#listeners.prepare(this.#made(listeners, options));
    return {
      use: () => {
        this.#options = options;
        this.#upstreams.use(nextHopsOf(listeners));
        use();
      },
      discard,
    };
  }

  /** The next hops of the configuration. */
  get upstreams(): readonly UpstreamFigures[] {
    return this.#upstreams.figures();
  }

  /** Sockets that this program listens on, listeners included: no next hop. */
  useOwnSockets(sockets: readonly Endpoint[]): void {
    this.#own.use(sockets);
  }

  /** Whether a socket is the near one of an upstream connection. */
  hasUpstreamAt({ ip, port }: Endpoint): boolean {
    const canonical = canonicalIp(ip);
    for (const { upstream } of this.#links) {
      if (upstream?.near.port === port && canonicalIp(upstream.near.ip) === canonical) return true;
    }
    return false;
  }

  /** Accepted connections, those in a handshake included. */
  get accepted(): number {
    return this.#links.size + this.#listeners.handshakes;
  }

  /**
   * A connection that the control process accepted on the listener with that key, which a reload may just have removed.
   * @param source as what it counts there; null: it is not counted
   */
  take(listener: string, raw: Socket, source: string | null): void {
    const taker = this.#listeners.with(listener);
    if (taker !== undefined) {
      taker.take(raw, source);
      return;
    }
    raw.resetAndDestroy();
    if (source !== null) this.#context.onGone?.(source);
  }

  /** One that it refused. */
  refused(listener: string, failure: AcceptFailure): void {
    const proto = this.#listeners.with(listener)?.proto;
    if (proto !== undefined) this.#acceptFailed(proto, failure);
  }

  /** New certificates for the handshakes to come. */
  useTls(tls: ServerTls): void {
    this.#listeners.useTls(tls);
  }

  /** Its listening sockets, for a process that takes them over. */
  get open(): readonly OpenSocket[] {
    return this.#listeners.open;
  }

  /** As another process does it now. Handshakes under way go on. */
  letGo(): void {
    this.#listeners.letGo();
  }

  stopAccepting(): void {
    this.#listeners.close();
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
    while (this.#links.size > 0 && !isTimeUp()) await pause(DRAIN_POLL_MS);
    const cut = this.#links.size;
    this.cut();
    // A reset closes within a few turns; nobody can hold it up, and no fault in here may hold up the stop.
    const patience = performance.now() + CUT_MS;
    while (this.#links.size > 0 && performance.now() < patience) await pause(DRAIN_POLL_MS);
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

  #made(listeners: readonly ProxyListener[], options: ProxyOptions): ListenerMap {
    const keys = listenerKeys(listeners);
    const link = linkContext(options, options.limits, this.buffers);
    return new Map(listeners.map((each, index) => [keys[index] ?? '', this.#listener(each, options, link)]));
  }

  #listener(listener: ProxyListener, options: ProxyOptions, link: LinkContext): Listener {
    const { proto, ip, port, proxy_protocol, tls } = listener;
    const { ticketKeys } = options;
    const own: ListenerOptions = {
      ...link,
      ...(ticketKeys === undefined ? {} : { ticketKeys }),
      proto,
      ip,
      port,
      proxy_protocol,
    };
    const isProxy = carriesOthers(proxy_protocol);
    const route = this.#route(listener, options, link);
    return new Listener(own, tls, {
      admit: (raw) => this.#admit(raw, isProxy),
      refuse: () => (this.buffers.isFull ? 'buffer_full' : null),
      onGone: (source) => {
        this.#sources.remove(source);
        this.#context.onGone?.(source);
      },
      onConnection: (connection) => this.#open(connection, route, link),
      onFailure: (failure) => this.#acceptFailed(proto, failure),
    });
  }

  #admit(raw: Socket, isProxy: (ip: string) => boolean): Admission {
    const admission = this.#gate.admit(raw, isProxy);
    if (admission.source !== null) this.#sources.add(admission.source);
    return admission;
  }

  #route({ upstream, upstream_policy, send_proxy }: ProxyListener, options: ProxyOptions, link: LinkContext): Route {
    const { clientTls } = this.#context;
    const common = { options: link, clientTls, send_proxy };
    if (upstream === 'to_path') {
      const { allow, ...toPath } = options.to_path;
      const rules = new ToPathRules(allow, (address) => this.#own.has(address));
      const context = { ...common, resolver: this.#resolvers.peers };
      return new ToPathRoute(toPath, rules, context, (source) => this.#isOwnUpstream(source));
    }
    const list = new UpstreamList(
      upstream.map((nextHop) => this.#upstreams.of(nextHop)),
      upstream_policy,
      options.firstTurn,
    );
    return new FixedRoute(list, this.#own, { ...common, resolver: this.#resolvers.own });
  }

  #isOwnUpstream(source: Endpoint): boolean | Promise<boolean> {
    // Nobody else's socket has an address of this machine: what comes from elsewhere need not be looked for.
    if (!this.#own.hasAddress(source.ip)) return false;
    return this.hasUpstreamAt(source) || this.#context.isOthersUpstream(source);
  }

  #acceptFailed(proto: 'msrp' | 'msrps', failure: AcceptFailure): void {
    this.#observer.acceptFailed({ ...failure, link: this.#nextId(), leg: 'downstream', proto });
  }

  #open(connection: Connection, route: Route, context: LinkContext): void {
    const link = new Link(
      this.#nextId(),
      route,
      connection,
      context,
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

function nextHopsOf(listeners: readonly ProxyListener[]): readonly NextHop[] {
  return listeners.flatMap(({ upstream }) => (upstream === 'to_path' ? [] : upstream));
}
