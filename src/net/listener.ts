import { type Server, type Socket, createServer } from 'node:net';
import {
  type SecureContext,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
  createServer as createTlsServer,
} from 'node:tls';
import { type Endpoint, UNSPECIFIED, endpoint, formatEndpoint, plainIp } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import { MsrptapError, messageOf } from '../lib/errors.js';
import type { Reason } from '../lib/reasons.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { type TlsFacts, reasonOfHandshakeError, tlsFactsOf } from './tls-facts.js';

/** A tls_mgm server_domain, ready for use. */
export interface ReadyDomain {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  readonly verify_cert: 0 | 1;
  readonly require_cert: 0 | 1;
}

/** The server_domains for one address of ours. */
export interface ServerTls {
  /** Whether any of them wants to see a client certificate (verify_cert 1). */
  readonly requestCert: boolean;
  /** The one for a server name, '' when the client sent none; null: none matches. */
  domainFor(sni: string): ReadyDomain | null;
}

/** null: no server_domain is for that address. */
export type TlsByAddress = (near: Endpoint) => ServerTls | null;

export interface ListenerOptions extends ConnectionOptions {
  readonly proto: 'msrp' | 'msrps';
  readonly ip: string;
  /** 0 binds a free port. */
  readonly port: number;
  /** Milliseconds. */
  readonly tls_handshake_timeout: number;
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
  /** Asked before anything is spent on a new connection: null, or why it is not welcome. */
  refuse(): Reason | null;
  onConnection(connection: Connection): void;
  onFailure(failure: AcceptFailure): void;
  /** A handshake began (+1) or ended (-1): it counts as a connection. */
  onHandshake(change: 1 | -1): void;
}

/**
 * The length of the kernel's accept queue: a burst of connects (a failover, a restart of a neighbour) waits there
 * instead of being refused. The kernel caps it at net.core.somaxconn.
 */
const BACKLOG = 4_096;

/** Own addresses whose TLS set-up is kept at hand; more than a machine has in practice (127.0.0.0/8 has 16 million). */
const MAX_TLS_SERVERS = 256;

/** One `socket=` of the configuration: accepts connections, and finishes TLS before anybody hears of them. */
export class Listener {
  readonly proto: 'msrp' | 'msrps';
  readonly #options: ListenerOptions;
  readonly #handler: ListenerHandler;
  readonly #server: Server;
  /** Those inside a TLS handshake, by the far side's address: the TLS server does not tell of which socket it speaks. */
  readonly #handshakes = new Map<string, Handshake>();
  #tls: TlsByAddress | null;
  /** One for each own address that clients connect to. */
  readonly #tlsServers = new Map<string, TlsServer>();
  #address: Endpoint | null = null;
  #closing = false;

  constructor(options: ListenerOptions, tls: TlsByAddress | null, handler: ListenerHandler) {
    this.proto = options.proto;
    this.#options = options;
    this.#handler = handler;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (raw) => this.#accepted(raw));
    this.#tls = tls;
  }

  /** Where it listens, with the port that was bound. */
  get address(): Endpoint {
    return this.#address ?? { ip: this.#options.ip, port: this.#options.port };
  }

  /** Certificates for the handshakes to come; those under way, and connections that stand, keep theirs. */
  useTls(tls: TlsByAddress): void {
    this.#tls = tls;
    this.#tlsServers.clear();
  }

  /** @throws MsrptapError listen_failed */
  async listen(): Promise<Endpoint> {
    const { ip, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        const where = `${this.proto}:${formatEndpoint({ ip, port })}`;
        reject(
          new MsrptapError('listen_failed', `listeners: cannot bind ${where}: ${explain(error)}`, { cause: error }),
        );
      };
      this.#server.once('error', failed);
      // With ipv6Only unset, [::] takes IPv4 too, as everywhere on Linux.
      this.#server.listen({ host: ip, port, backlog: BACKLOG }, () => {
        this.#server.off('error', failed);
        resolve();
      });
    });
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.#address = { ip: bound.address, port: bound.port };
    // EMFILE and the like: the connection stays in the kernel's queue, accepting goes on.
    this.#server.on('error', (error) => {
      this.#fail(this.address, UNSPECIFIED, 'socket_error', messageOf(error));
    });
    return this.address;
  }

  /** Accepts nothing any more, and gives up handshakes under way. */
  close(): void {
    this.#closing = true;
    this.#server.close();
    for (const { raw } of this.#handshakes.values()) raw.destroy();
  }

  #accepted(raw: Socket): void {
    const near = raw.localAddress === undefined ? this.address : endpoint(raw.localAddress, raw.localPort);
    const far = endpoint(raw.remoteAddress, raw.remotePort);
    const refusal = this.#handler.refuse();
    if (refusal !== null) {
      raw.resetAndDestroy();
      this.#fail(near, far, refusal, '');
    } else if (raw.remoteAddress === undefined) {
      raw.destroy();
      this.#fail(near, far, 'reset', 'gone before it was accepted');
    } else if (this.#tls === null) {
      this.#handler.onConnection(new Connection('downstream', raw, raw, null, this.#options));
    } else {
      const tls = this.#tlsServerFor(this.#tls, near);
      if (tls !== null) this.#handshake(tls, { raw, near, far });
      else {
        raw.destroy();
        this.#fail(near, far, 'tls_handshake_failed', `no server_domain matches ${formatEndpoint(near)}`);
      }
    }
  }

  #tlsServerFor(tls: TlsByAddress, near: Endpoint): TlsServer | null {
    const known = this.#tlsServers.get(near.ip);
    if (known !== undefined) return known;
    const domains = tls(near);
    if (domains === null) return null;
    const server = this.#tlsServer(domains);
    if (this.#tlsServers.size < MAX_TLS_SERVERS) this.#tlsServers.set(near.ip, server);
    return server;
  }

  /** Never listens: it is given the sockets that were accepted here. */
  #tlsServer(tls: ServerTls): TlsServer {
    const server = createTlsServer({
      ...tls.domainFor('')?.options,
      handshakeTimeout: this.#options.tls_handshake_timeout,
      requestCert: tls.requestCert,
      // Judged after the handshake, by the domain that the server name chose.
      rejectUnauthorized: false,
      SNICallback: (sni, done) => {
        const domain = tls.domainFor(sni);
        if (domain === null) done(new Error(`no server_domain for the server name ${JSON.stringify(sni)}`));
        else done(null, domain.context);
      },
    });
    server.on('secureConnection', (stream) => this.#secured(stream, tls));
    server.on('tlsClientError', (error, stream) => {
      this.#handshakeFailed(keyOf(stream), reasonOfHandshakeError(error), error.message);
      stream.destroy();
    });
    return server;
  }

  #handshake(tls: TlsServer, handshake: Handshake): void {
    const { raw } = handshake;
    const key = keyOf(raw);
    this.#handshakes.set(key, handshake);
    this.#handler.onHandshake(1);
    // The TLS server is silent about some ends, as of a peer that resets.
    raw.once('close', () => {
      this.#handshakeFailed(key, this.#closing ? 'drained' : 'tls_handshake_failed', 'closed inside the handshake');
    });
    raw.on('error', () => {});
    // A peer that gives up inside the handshake is noticed at once; half-open is allowed from the end of it.
    raw.allowHalfOpen = false;
    tls.emit('connection', raw);
  }

  #secured(stream: TLSSocket, tls: ServerTls): void {
    const handshake = this.#handshakeOver(keyOf(stream));
    if (handshake === null) {
      stream.destroy();
      return;
    }
    const sni = typeof stream.servername === 'string' ? stream.servername : '';
    const facts = tlsFactsOf(stream, sni);
    const refusal = judgePeer(tls.domainFor(sni), facts);
    if (refusal === null) {
      stream.allowHalfOpen = true;
      handshake.raw.allowHalfOpen = true;
      this.#handler.onConnection(new Connection('downstream', handshake.raw, stream, facts, this.#options));
      return;
    }
    stream.on('error', () => {});
    stream.destroy();
    this.#fail(handshake.near, handshake.far, refusal, messageOf(stream.authorizationError ?? ''));
  }

  #handshakeFailed(key: string, reason: Reason, detail: string): void {
    const handshake = this.#handshakeOver(key);
    if (handshake === null) return;
    handshake.raw.destroy();
    this.#fail(handshake.near, handshake.far, reason, detail);
  }

  /** @returns null when that handshake is over already */
  #handshakeOver(key: string): Handshake | null {
    const handshake = this.#handshakes.get(key);
    if (handshake === undefined) return null;
    this.#handshakes.delete(key);
    this.#handler.onHandshake(-1);
    return handshake;
  }

  #fail(near: Endpoint, far: Endpoint, reason: Reason, detail: string): void {
    this.#handler.onFailure({ near, far, reason, detail, at: nowMicros() });
  }
}

interface Handshake {
  readonly raw: Socket;
  readonly near: Endpoint;
  readonly far: Endpoint;
}

function keyOf(socket: Socket): string {
  const { remoteAddress = '', remotePort, localAddress = '', localPort } = socket;
  return `${plainIp(remoteAddress)} ${remotePort} ${plainIp(localAddress)} ${localPort}`;
}

/** tls_mgm: verify_cert asks for a certificate and checks the one that comes; require_cert also insists on one. */
function judgePeer(domain: ReadyDomain | null, { peer, authorized }: TlsFacts): Reason | null {
  if (domain === null || domain.verify_cert === 0) return null;
  if (peer === null) return domain.require_cert === 1 ? 'tls_certificate_required' : null;
  return authorized ? null : 'tls_certificate_invalid';
}

function explain(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'another process listens there already';
    case 'EADDRNOTAVAIL':
      return 'the machine has no such address';
    case 'EACCES':
      return 'ports below 1024 need the capability CAP_NET_BIND_SERVICE';
    default:
      return error.message;
  }
}
