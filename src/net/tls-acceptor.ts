import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Server as TlsServer, type TLSSocket, createServer as createTlsServer } from 'node:tls';
import { type Endpoint, formatEndpoint, plainIp } from '../lib/address.js';
import { Deadline } from '../lib/deadline.js';
import { messageOf } from '../lib/errors.js';
import type { Reason } from '../lib/reasons.js';
import type { ReadyDomain, ServerTls, TlsByAddress } from './server-tls.js';
import { type TlsFacts, reasonOfHandshakeError, tlsFactsOf } from './tls-facts.js';

/** A TCP connection that was accepted. */
export interface Accepted {
  readonly raw: Socket;
  readonly near: Endpoint;
  readonly far: Endpoint;
}

export interface TlsAcceptorHandler {
  onSecured(accepted: Accepted, stream: TLSSocket, facts: TlsFacts): void;
  onFailure(accepted: Accepted, reason: Reason, detail: string): void;
}

interface Handshake extends Accepted {
  deadline: Deadline | null;
}

/** Own addresses whose TLS set-up is kept at hand; more than a machine has in practice (127.0.0.0/8 has 16 million). */
const MAX_TLS_SERVERS = 256;

/** Node's own handshake timeout is put off by this much: it takes a stall of the event loop for a silent peer. */
const NODE_TIMEOUT_LATER_MS = 60_000;

/** What node:tls wants: the name of the keys, the key of the HMAC and that of the cipher, 16 octets each. */
const TICKET_KEYS_LENGTH = 48;

export function newTicketKeys(): Buffer {
  return randomBytes(TICKET_KEYS_LENGTH);
}

/** The TLS handshakes of a listener. Each ends with exactly one call of the handler. */
export class TlsAcceptor {
  readonly #timeout: number;
  readonly #ticketKeys: Buffer;
  readonly #handler: TlsAcceptorHandler;
  /** By both addresses: Node's TLS server does not tell of which socket it speaks. */
  readonly #handshakes = new Map<string, Handshake>();
  /** One for each own address that clients connect to. */
  readonly #servers = new Map<string, TlsServer>();
  #tls: TlsByAddress;
  #closing = false;

  /**
   * @param timeout tls_handshake_timeout, milliseconds
   * @param ticketKeys 48 octets: with the same ones any worker resumes a session, and so does a reload
   */
  constructor(tls: TlsByAddress, timeout: number, ticketKeys: Buffer, handler: TlsAcceptorHandler) {
    this.#ticketKeys = ticketKeys;
    this.#tls = tls;
    this.#timeout = timeout;
    this.#handler = handler;
  }

  /** Handshakes under way. */
  get size(): number {
    return this.#handshakes.size;
  }

  /** Certificates for the handshakes to come; those under way, and connections that stand, keep theirs. */
  useTls(tls: TlsByAddress): void {
    this.#tls = tls;
    this.#servers.clear();
  }

  accept(accepted: Accepted): void {
    const { raw, near } = accepted;
    const server = this.#serverFor(near);
    if (server === null) {
      raw.destroy();
      this.#handler.onFailure(accepted, 'tls_handshake_failed', `no server_domain matches ${formatEndpoint(near)}`);
      return;
    }
    const key = keyOf(raw);
    const handshake: Handshake = { ...accepted, deadline: null };
    this.#handshakes.set(key, handshake);
    const failed = (reason: Reason, detail: string): void => {
      if (this.#handshakes.get(key) === handshake) this.#failed(key, reason, detail);
    };
    handshake.deadline = new Deadline(this.#timeout, () => {
      failed('tls_handshake_timeout', `no handshake within ${this.#timeout} ms`);
    });
    // The TLS server is silent about some ends, as of a peer that resets.
    raw.once('close', () => {
      failed(this.#closing ? 'drained' : 'tls_handshake_failed', 'closed inside the handshake');
    });
    raw.on('error', () => {});
    // A peer that gives up inside the handshake is noticed at once; half-open is allowed from the end of it.
    raw.allowHalfOpen = false;
    server.emit('connection', raw);
  }

  /** Gives up all handshakes under way. */
  close(): void {
    this.#closing = true;
    for (const { raw } of this.#handshakes.values()) raw.destroy();
  }

  #serverFor(near: Endpoint): TlsServer | null {
    const known = this.#servers.get(near.ip);
    if (known !== undefined) return known;
    const tls = this.#tls(near);
    if (tls === null) return null;
    const server = this.#server(tls);
    if (this.#servers.size < MAX_TLS_SERVERS) this.#servers.set(near.ip, server);
    return server;
  }

  /** Never listens: it is given the sockets that were accepted here. */
  #server(tls: ServerTls): TlsServer {
    const server = createTlsServer({
      ...tls.domainFor('')?.options,
      handshakeTimeout: Math.min(this.#timeout + NODE_TIMEOUT_LATER_MS, 2 ** 31 - 1),
      ticketKeys: this.#ticketKeys,
      sessionIdContext: tls.sessionContext,
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
      this.#failed(keyOf(stream), reasonOfHandshakeError(error), error.message);
      stream.destroy();
    });
    return server;
  }

  #secured(stream: TLSSocket, tls: ServerTls): void {
    const handshake = this.#over(keyOf(stream));
    if (handshake === null) {
      stream.destroy();
      return;
    }
    const facts = tlsFactsOf(stream, typeof stream.servername === 'string' ? stream.servername : '');
    const refusal = judgePeer(tls.domainFor(facts.sni), facts);
    if (refusal === null) {
      stream.allowHalfOpen = true;
      handshake.raw.allowHalfOpen = true;
      this.#handler.onSecured(handshake, stream, facts);
      return;
    }
    stream.on('error', () => {});
    stream.destroy();
    this.#handler.onFailure(handshake, refusal, messageOf(stream.authorizationError ?? ''));
  }

  #failed(key: string, reason: Reason, detail: string): void {
    const handshake = this.#over(key);
    if (handshake === null) return;
    handshake.raw.destroy();
    this.#handler.onFailure(handshake, reason, detail);
  }

  /** @returns null when that handshake is over already */
  #over(key: string): Handshake | null {
    const handshake = this.#handshakes.get(key);
    if (handshake === undefined) return null;
    this.#handshakes.delete(key);
    handshake.deadline?.cancel();
    return handshake;
  }
}

/** Both addresses: one client may use one port of its own for two addresses of ours. */
function keyOf({ remoteAddress = '', remotePort, localAddress = '', localPort }: Socket): string {
  return `${plainIp(remoteAddress)} ${remotePort} ${plainIp(localAddress)} ${localPort}`;
}

/** tls_mgm: verify_cert asks for a certificate and checks the one that comes; require_cert also insists on one. */
function judgePeer(domain: ReadyDomain | null, { peer, authorized }: TlsFacts): Reason | null {
  if (domain === null || domain.verify_cert === 0) return null;
  if (peer === null) return domain.require_cert === 1 ? 'tls_certificate_required' : null;
  return authorized ? null : 'tls_certificate_invalid';
}
