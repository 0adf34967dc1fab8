import type { Socket } from 'node:net';
import { type Endpoint, UNSPECIFIED, endpoint } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import type { OpenSocket } from '../lib/socket-fd.js';
import type { Reason } from '../lib/reasons.js';
import type { Admission } from './accept-gate.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { ListeningSocket, type Taker } from './listening-socket.js';
import { ProxyHeaderReader, type ProxyProtocolOptions } from './proxy-header-reader.js';
import type { ProxiedAddresses } from './proxy-protocol.js';
import type { ServerTls } from './server-tls.js';
import { SlabSocket } from './slab-socket.js';
import { reasonOfSystemError } from './system-errors.js';
import { TlsAcceptor, newTicketKeys } from './tls-acceptor.js';

export interface ListenerOptions extends ConnectionOptions {
  readonly proto: 'msrp' | 'msrps';
  readonly ip: string;
  /** 0 binds a free port. */
  readonly port: number;
  /** Milliseconds. */
  readonly tls_handshake_timeout: number;
  /** What session tickets are made with, 48 octets. Default: random ones of this listener's own. */
  readonly ticketKeys?: Buffer;
  /** null: no PROXY protocol here. */
  readonly proxy_protocol: ProxyProtocolOptions | null;
}

/** An accept that gave no connection. */
export interface AcceptFailure {
  readonly near: Endpoint;
  readonly far: Endpoint;
  readonly reason: Reason;
  readonly detail: string;
  readonly at: number;
}

export interface ListenerHandler {
  /** Asked of each client that is accepted here, before anything is spent on it. */
  admit(raw: Socket): Admission;
  /** Asked of each that is taken, wherever it was accepted: null, or why it is not welcome. */
  refuse(): Reason | null;
  /** One that counted as this source has closed. */
  onGone(source: string): void;
  onConnection(connection: Connection): void;
  onFailure(failure: AcceptFailure): void;
}

/**
 * One `socket=` of the configuration: accepts connections, reads their PROXY protocol headers, and finishes TLS before
 * anybody hears of them.
 */
export class Listener implements Taker {
  readonly proto: 'msrp' | 'msrps';
  readonly #options: ListenerOptions;
  readonly #handler: ListenerHandler;
  readonly #headers: ProxyHeaderReader | null;
  readonly #tls: TlsAcceptor | null;
  /** null: it does not listen, or what is accepted is another's by now. */
  #socket: ListeningSocket | null = null;

  /** @param tls null for msrp */
  constructor(options: ListenerOptions, tls: ServerTls | null, handler: ListenerHandler) {
    this.proto = options.proto;
    this.#options = options;
    this.#handler = handler;
    this.#headers = options.proxy_protocol === null ? null : new ProxyHeaderReader(options.proxy_protocol);
    this.#tls =
      tls === null
        ? null
        : new TlsAcceptor(tls, options.tls_handshake_timeout, options.ticketKeys ?? newTicketKeys(), {
            onSecured: ({ raw, proxied }, stream, facts) =>
              handler.onConnection(new Connection('downstream', raw, stream, facts, options, proxied)),
            onFailure: ({ near, far }, reason, detail) => this.#fail(near, far, reason, detail),
          });
  }

  /** Where it listens, with the port that was bound. */
  get address(): Endpoint {
    return this.#socket?.address ?? { ip: this.#options.ip, port: this.#options.port };
  }

  /** PROXY protocol headers and TLS handshakes under way. */
  get handshakes(): number {
    return (this.#headers?.size ?? 0) + (this.#tls?.size ?? 0);
  }

  /** Certificates for the handshakes to come. */
  useTls(tls: ServerTls): void {
    this.#tls?.useTls(tls);
  }

  /** @throws MsrptapError listen_failed */
  async listen(inherited?: InheritedSockets): Promise<Endpoint> {
    this.#socket = await ListeningSocket.open(this.#options, this, inherited);
    return this.address;
  }

  /** Binds its socket. What is accepted waits until it is let in. @throws MsrptapError listen_failed */
  async bind(): Promise<void> {
    this.#socket = await ListeningSocket.open(this.#options, null);
  }

  letIn(): void {
    this.#socket?.give(this);
  }

  /** What its predecessor would accept from now on is its own; what that one has accepted stays there. */
  succeed(predecessor: Listener): void {
    this.#socket = predecessor.#socket;
    predecessor.#socket = null;
    this.letIn();
  }

  /** For a process that takes it over. */
  get open(): readonly OpenSocket[] {
    return this.#socket?.open ?? [];
  }

  /** Accepts nothing any more; handshakes under way go on. */
  stopAccepting(): void {
    this.#socket?.close();
    this.#socket = null;
  }

  /** Accepts nothing any more, and gives up handshakes under way. */
  close(): void {
    this.#socket?.close();
    this.#headers?.close();
    this.#tls?.close();
  }

  onAccept(accepted: Socket): void {
    const { refusal, source } = this.#handler.admit(accepted);
    if (refusal === null) this.take(accepted, source);
    else this.#refuse(accepted, refusal);
  }

  onError(error: Error): void {
    this.#fail(this.address, UNSPECIFIED, reasonOfSystemError(error) ?? 'socket_error', messageOf(error));
  }

  /**
   * A connection that was accepted, here or by the control process.
   * @param source as what it counts until it closes; null: it is not counted
   */
  take(accepted: Socket, source: string | null): void {
    const refusal = this.#handler.refuse();
    // TLS reads for itself.
    const raw = refusal === null && this.#tls === null ? SlabSocket.around(accepted) : accepted;
    if (source !== null) raw.once('close', () => this.#handler.onGone(source));
    if (refusal !== null) {
      this.#refuse(raw, refusal);
      return;
    }
    const near = this.#near(raw);
    const far = endpoint(raw.remoteAddress, raw.remotePort);
    if (raw.remoteAddress === undefined) {
      raw.destroy();
      this.#fail(near, far, 'reset', 'gone before it was accepted');
    } else if (this.#headers === null) {
      this.#accept(raw, near, far, null);
    } else {
      this.#headers.read(raw, far.ip, {
        onRead: (proxied) => this.#accept(raw, near, proxied?.source ?? far, proxied),
        onFailure: (reason, detail) => this.#fail(near, far, reason, detail),
      });
    }
  }

  #refuse(raw: Socket, reason: Reason): void {
    const [near, far] = [this.#near(raw), endpoint(raw.remoteAddress, raw.remotePort)];
    raw.resetAndDestroy();
    this.#fail(near, far, reason, '');
  }

  #near({ localAddress, localPort }: Socket): Endpoint {
    return localAddress === undefined ? this.address : endpoint(localAddress, localPort);
  }

  #accept(raw: Socket, near: Endpoint, far: Endpoint, proxied: ProxiedAddresses | null): void {
    if (this.#tls !== null) this.#tls.accept({ raw, near, far, proxied });
    else this.#handler.onConnection(new Connection('downstream', raw, raw, null, this.#options, proxied));
  }

  #fail(near: Endpoint, far: Endpoint, reason: Reason, detail: string): void {
    this.#handler.onFailure({ near, far, reason, detail, at: nowMicros() });
  }
}
