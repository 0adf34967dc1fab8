import type { LookupAddress } from 'node:dns';
import { Socket, isIP, isIPv6 } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Endpoint, type HostPort, UNSPECIFIED, UNSPECIFIED_V6, endpoint, isSameSocket } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import { Deadline } from '../lib/deadline.js';
import { messageOf } from '../lib/errors.js';
import type { Reason } from '../lib/reasons.js';
import type { ClientTls } from './client-tls.js';
import { Connection, type ConnectionOptions } from './connection.js';
import type { Resolver } from './resolver.js';
import { SlabSocket } from './slab-socket.js';
import { reasonOfSystemError } from './system-errors.js';
import { tlsFactsOf } from './tls-facts.js';
import { reasonOfHandshakeError } from './tls-reasons.js';

export interface DialOptions extends ConnectionOptions {
  /** Milliseconds for name and TCP together. */
  readonly connect_timeout: number;
  /** Milliseconds. */
  readonly tls_handshake_timeout: number;
}

export interface DialTarget extends HostPort {
  readonly proto: 'msrp' | 'msrps';
  /** What is sent first, before TLS: a PROXY protocol header. */
  readonly preface?: Buffer | null;
  /** Asked of every address of the name, before any is dialled: null, or why it must not be. */
  readonly refuse?: (address: Endpoint) => Refusal | null;
}

export interface Refusal {
  readonly reason: Reason;
  readonly detail: string;
}

export interface DialFailure {
  readonly near: Endpoint;
  readonly far: Endpoint;
  readonly reason: Reason;
  readonly detail: string;
  readonly at: number;
}

export interface DialContext {
  readonly resolver: Resolver;
  /** Asked when a TLS handshake begins. */
  readonly clientTls: ClientTls;
}

/**
 * Originates one connection: name, TCP (all addresses of the name, the next one tried while one hangs: RFC 8305),
 * TLS. Ends with exactly one of the two callbacks, unless it is given up with abort().
 */
export class Dial {
  readonly #target: DialTarget;
  readonly #options: DialOptions;
  readonly #context: DialContext;
  readonly #onConnection: (connection: Connection) => void;
  readonly #onFailure: (failure: DialFailure) => void;
  #raw: Socket | null = null;
  #deadline: Deadline;
  #near: Endpoint = UNSPECIFIED;
  #far: Endpoint = UNSPECIFIED;
  #over = false;

  constructor(
    target: DialTarget,
    options: DialOptions,
    context: DialContext,
    onConnection: (connection: Connection) => void,
    onFailure: (failure: DialFailure) => void,
  ) {
    this.#target = target;
    this.#options = options;
    this.#context = context;
    this.#onConnection = onConnection;
    this.#onFailure = onFailure;
    if (isIP(target.host) !== 0) this.#far = endpoint(target.host, target.port);
    this.#deadline = new Deadline(options.connect_timeout, () => this.#notConnected());
    context.resolver
      .resolve(target.host, () => !this.#over)
      .then((addresses) => this.#connect(addresses))
      .catch((error: unknown) => this.#fail(reasonOfLookupError(error), messageOf(error)));
  }

  /** Gives it up: whoever wanted it is gone. The failure is reported, with this reason. */
  abort(reason: Reason): void {
    this.#fail(reason, 'given up');
  }

  #connect(addresses: readonly LookupAddress[]): void {
    if (this.#over) return;
    const [first] = addresses;
    if (first === undefined) {
      this.#fail('dns_not_found', `${this.#target.host} has no address`);
      return;
    }
    this.#far = endpoint(first.address, this.#target.port);
    const refused = this.#refused(addresses);
    if (refused !== null) {
      this.#far = refused.address;
      this.#fail(refused.reason, refused.detail);
      return;
    }
    // TLS reads for itself.
    const raw = this.#target.proto === 'msrps' ? new Socket({ allowHalfOpen: true }) : new SlabSocket();
    // The name is not looked up again: what is dialled is what was asked about.
    raw.connect({
      host: this.#target.host,
      port: this.#target.port,
      autoSelectFamily: addresses.length > 1,
      lookup: (_host, lookupOptions, done) => {
        if (lookupOptions.all === true) done(null, [...addresses]);
        else done(null, first.address, first.family);
      },
    });
    this.#raw = raw;
    const failed = (error: NodeJS.ErrnoException): void => {
      const one = firstOf(error);
      this.#fail(reasonOfConnectError(one), one.message);
    };
    raw.once('error', failed);
    raw.once('connect', () => {
      raw.off('error', failed);
      this.#near = endpoint(raw.localAddress, raw.localPort);
      // A peer that has reset meanwhile leaves no address behind.
      if (raw.remoteAddress !== undefined) this.#far = endpoint(raw.remoteAddress, raw.remotePort);
      if (isSameSocket(this.#near, this.#far)) {
        this.#fail('connect_refused', 'nobody listens there: the connection led to its own socket');
        return;
      }
      const { preface = null, proto } = this.#target;
      if (preface !== null) raw.write(preface);
      if (proto === 'msrps') this.#handshake(raw);
      else this.#succeed(new Connection('upstream', raw, raw, null, this.#options));
    });
  }

  #refused(addresses: readonly LookupAddress[]): (Refusal & { readonly address: Endpoint }) | null {
    const { port, refuse = () => null } = this.#target;
    for (const { address: ip } of addresses) {
      const address = endpoint(ip, port);
      const refusal = refuse(address);
      if (refusal !== null) return { ...refusal, address };
    }
    return null;
  }

  #handshake(raw: Socket): void {
    const timeout = this.#options.tls_handshake_timeout;
    this.#deadline.cancel();
    this.#deadline = new Deadline(timeout, () => {
      this.#fail('tls_handshake_timeout', `no handshake within ${timeout} ms`);
    });
    const startedAt = performance.now();
    const { host } = this.#target;
    const name = isIP(host) === 0 ? host : '';
    const domain = this.#context.clientTls(this.#far, host);
    const stream = connectTls({
      socket: raw,
      secureContext: domain.context,
      // An address may not stand in the server name (RFC 6066 §3); the certificate is then checked against the address.
      servername: name,
      host,
      rejectUnauthorized: domain.verify_cert === 1,
      checkServerIdentity: (expected, certificate) => domain.checkServer(expected, certificate),
    });
    stream.once('error', (error: NodeJS.ErrnoException) => this.#fail(reasonOfHandshakeError(error), error.message));
    const ended = (): void => {
      const mute = raw.bytesRead === 0 ? ', without a byte: perhaps it speaks no TLS (upstream: msrp:)' : '';
      this.#fail('tls_handshake_failed', `closed inside the handshake${mute}`);
    };
    stream.once('end', ended);
    raw.on('error', () => {});
    stream.once('secureConnect', () => {
      stream.off('end', ended);
      stream.allowHalfOpen = true;
      this.#succeed(new Connection('upstream', raw, stream, tlsFactsOf(stream, name, startedAt), this.#options));
    });
  }

  #notConnected(): void {
    const { host } = this.#target;
    const timeout = this.#options.connect_timeout;
    if (this.#raw === null) this.#fail('dns_timeout', `${host} not resolved within ${timeout} ms`);
    else this.#fail('connect_timeout', `no answer within ${timeout} ms`);
  }

  #succeed(connection: Connection): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.cancel();
    this.#onConnection(connection);
  }

  #fail(reason: Reason, detail: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#deadline.cancel();
    const raw = this.#raw;
    if (raw !== null) {
      raw.on('error', () => {});
      // To one that accepted, a clean end would look like a client that had nothing to say. One that is still to accept
      // gets none: Node would wait for it with the RST.
      if (raw.connecting) raw.destroy();
      else if (!raw.destroyed) raw.resetAndDestroy();
    }
    const near = this.#near === UNSPECIFIED && isIPv6(this.#far.ip) ? UNSPECIFIED_V6 : this.#near;
    this.#onFailure({ near, far: this.#far, reason, detail, at: nowMicros() });
  }
}

/** With several addresses tried, the error of the first one. */
function firstOf(error: NodeJS.ErrnoException): NodeJS.ErrnoException {
  if (!(error instanceof AggregateError)) return error;
  const first: unknown = error.errors[0];
  return first instanceof Error ? first : error;
}

function reasonOfConnectError(error: NodeJS.ErrnoException): Reason {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connect_refused';
    case 'ETIMEDOUT':
      return 'connect_timeout';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'connect_unreachable';
    default:
      return reasonOfSystemError(error) ?? 'connect_failed';
  }
}

function reasonOfLookupError(error: unknown): Reason {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'ENOTFOUND' || code === 'ENODATA' ? 'dns_not_found' : 'dns_failed';
}
