import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Server as TlsServer, type TLSSocket, createServer as createTlsServer } from 'node:tls';
import { type Endpoint, formatEndpoint, plainIp } from '../lib/address.js';
import { Deadline } from '../lib/deadline.js';
import type { Reason } from '../lib/reasons.js';
import { readOpening } from './client-hello.js';
import { judgePeer } from './tls-judge.js';
import type { ProxiedAddresses } from './proxy-protocol.js';
import type { ReadyDomain, ServerTls } from './server-tls.js';
import { type TlsFacts, tlsFactsOf } from './tls-facts.js';
import { reasonOfHandshakeError } from './tls-reasons.js';

/** A TCP connection that was accepted. */
export interface Accepted {
  readonly raw: Socket;
  readonly near: Endpoint;
  /** The client's socket, as a PROXY protocol header says. */
  readonly far: Endpoint;
  /** What that header says; null: there is none, or it names nobody. */
  readonly proxied: ProxiedAddresses | null;
}

export interface TlsAcceptorHandler {
  onSecured(accepted: Accepted, stream: TLSSocket, facts: TlsFacts): void;
  onFailure(accepted: Accepted, reason: Reason, detail: string): void;
}

interface Handshake extends Accepted {
  deadline: Deadline | null;
  /** In milliseconds of performance.now(). */
  readonly startedAt: number;
  /** The server name that the client asked for. */
  sni: string;
}

/** Node's own handshake timeout is put off by this much: it takes a stall of the event loop for a silent peer. */
const NODE_TIMEOUT_LATER_MS = 60_000;

/** Octets: enough to tell MSRP from HTTP, and nothing of what was said. */
const SHOWN_OCTETS = 8;

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
  /** One for each domain that clients came for. */
  readonly #servers = new Map<ReadyDomain, TlsServer>();
  #tls: ServerTls;
  #closing = false;

  /**
   * @param timeout tls_handshake_timeout, milliseconds
   * @param ticketKeys 48 octets: with the same ones any worker resumes a session, and so does a reload
   */
  constructor(tls: ServerTls, timeout: number, ticketKeys: Buffer, handler: TlsAcceptorHandler) {
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
  useTls(tls: ServerTls): void {
    this.#tls = tls;
    this.#servers.clear();
  }

  accept(accepted: Accepted): void {
    const { raw } = accepted;
    const key = keyOf(raw);
    const handshake: Handshake = { ...accepted, deadline: null, startedAt: performance.now(), sni: '' };
    // The kernel gives the addresses away again before Node tells of the end.
    this.#failed(key, 'reset', 'its client came back from the same port');
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
    this.#readOpening(handshake, failed);
  }

  /** Gives up all handshakes under way. */
  close(): void {
    this.#closing = true;
    for (const { raw } of this.#handshakes.values()) raw.destroy();
  }

  /** Reads until it is known which domain is asked for; then the bytes go back, for OpenSSL to read them. */
  #readOpening(handshake: Handshake, failed: (reason: Reason, detail: string) => void): void {
    const { raw } = handshake;
    let bytes = Buffer.alloc(0);
    const read = (): void => {
      const piece: unknown = raw.read();
      if (!(piece instanceof Buffer)) return;
      bytes = Buffer.concat([bytes, piece]);
      const opening = readOpening(bytes);
      if (opening.kind === 'partial') return;
      raw.off('readable', read);
      if (opening.kind === 'plain') failed('tls_expected', `it begins with ${printable(bytes)}`);
      else if (opening.kind === 'broken')
        failed('tls_handshake_failed', 'it begins with no ClientHello that can be read');
      else this.#handshake({ handshake, bytes, sni: opening.sni }, failed);
    };
    raw.on('readable', read);
  }

  #handshake(
    { handshake, bytes, sni }: { handshake: Handshake; bytes: Buffer; sni: string },
    failed: (reason: Reason, detail: string) => void,
  ): void {
    const { raw, near } = handshake;
    const domain = this.#tls.domainFor(near, sni);
    if (domain === null) {
      failed('tls_no_domain', `${formatEndpoint(near)}, server name ${JSON.stringify(sni)}`);
      return;
    }
    handshake.sni = sni;
    raw.unshift(bytes);
    this.#serverFor(domain).emit('connection', raw);
  }

  #serverFor(domain: ReadyDomain): TlsServer {
    const server = this.#servers.get(domain) ?? this.#server(domain);
    this.#servers.set(domain, server);
    return server;
  }

  /** Never listens: it is given the sockets that were accepted here. */
  #server(domain: ReadyDomain): TlsServer {
    const server = createTlsServer({
      ...domain.options,
      handshakeTimeout: Math.min(this.#timeout + NODE_TIMEOUT_LATER_MS, 2 ** 31 - 1),
      ticketKeys: this.#ticketKeys,
      sessionIdContext: domain.sessionContext,
      requestCert: domain.verify_cert === 1,
      // Judged after the handshake, so that the reason can be told.
      rejectUnauthorized: false,
    });
    server.on('secureConnection', (stream) => this.#secured(stream, domain));
    server.on('tlsClientError', (error, stream) => {
      this.#failed(keyOf(stream), reasonOfHandshakeError(error), error.message);
      stream.destroy();
    });
    return server;
  }

  #secured(stream: TLSSocket, domain: ReadyDomain): void {
    const handshake = this.#over(keyOf(stream));
    if (handshake === null) {
      stream.destroy();
      return;
    }
    const facts = tlsFactsOf(stream, handshake.sni, handshake.startedAt);
    const refusal = judgePeer(domain, stream, facts);
    if (refusal === null) {
      stream.allowHalfOpen = true;
      handshake.raw.allowHalfOpen = true;
      this.#handler.onSecured(handshake, stream, facts);
      return;
    }
    stream.on('error', () => {});
    stream.destroy();
    this.#handler.onFailure(handshake, refusal.reason, refusal.detail);
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

/** For the log: what a peer that speaks no TLS said first. */
function printable(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, SHOWN_OCTETS).toString('latin1'));
}
