import type { Socket } from 'node:net';
import { type Cidr, inRanges } from '../lib/cidr.js';
import { Deadline } from '../lib/deadline.js';
import type { Reason } from '../lib/reasons.js';
import { type ProxiedAddresses, beginsAsProxyHeader, findProxyHeader } from './proxy-protocol.js';
import { SlabSocket } from './slab-socket.js';

export interface ProxyProtocolOptions {
  /** Who sends a header, and has to; from anybody else it is refused. */
  readonly from: readonly Cidr[];
  /** Milliseconds for the whole header. */
  readonly timeout: number;
}

export interface HeaderHandler {
  /** null: there is no header, or one that names nobody. What came behind it is read next. */
  onRead(addresses: ProxiedAddresses | null): void;
  onFailure(reason: Reason, detail: string): void;
}

type Verdict = 'more' | { readonly length: number; readonly addresses: ProxiedAddresses | null } | Refusal;
type Refusal = { readonly reason: Reason; readonly detail: string };

const NO_HEADER = { length: 0, addresses: null };

/**
 * Reads PROXY protocol headers from connections that were accepted and are still paused, before TLS. Somebody who may
 * send none is looked at too: what comes first must not pass for a header further on. An MSRP client speaks first
 * [RFC 4975 §5.4], and whoever does not goes on unread after the timeout.
 */
export class ProxyHeaderReader {
  readonly #isTrusted: (ip: string) => boolean;
  readonly #timeout: number;
  readonly #waiting = new Set<Socket>();
  #closing = false;

  constructor({ from, timeout }: ProxyProtocolOptions) {
    this.#isTrusted = inRanges(from);
    this.#timeout = timeout;
  }

  /** Connections that are being read. */
  get size(): number {
    return this.#waiting.size;
  }

  /** @param ip of the socket at the other end */
  read(raw: Socket, ip: string, handler: HeaderHandler): void {
    const trusted = this.#isTrusted(ip);
    let octets = Buffer.alloc(0);
    const settle = (): void => {
      this.#waiting.delete(raw);
      deadline.cancel();
      if (raw instanceof SlabSocket) raw.onBytes(() => {});
      else raw.off('data', onData);
      raw.off('end', onEnd).off('error', onError).off('close', onClose);
    };
    const fail = ({ reason, detail }: Refusal): void => {
      settle();
      raw.on('error', () => {});
      // A clean end would look like an answer.
      if (!raw.destroyed) raw.resetAndDestroy();
      handler.onFailure(this.#closing ? 'drained' : reason, detail);
    };
    const pass = (length: number, addresses: ProxiedAddresses | null): void => {
      settle();
      raw.pause();
      if (octets.length > length) unread(raw, octets.subarray(length));
      handler.onRead(addresses);
    };
    const onData = (read: Buffer): void => {
      octets = Buffer.concat([octets, read]);
      const verdict = trusted ? requireHeader(octets) : refuseHeader(octets);
      if (verdict === 'more') return;
      if ('reason' in verdict) fail(verdict);
      else pass(verdict.length, verdict.addresses);
    };
    const onEnd = (): void =>
      fail({
        reason: trusted ? 'proxy_header_invalid' : 'peer_closed',
        detail: `ended after ${octets.length} octets`,
      });
    let error = '';
    const onError = ({ message }: Error): void => void (error = message);
    const onClose = (): void => fail({ reason: 'reset', detail: error });
    const deadline = new Deadline(this.#timeout, () => {
      if (trusted) fail({ reason: 'proxy_header_timeout', detail: `no header within ${this.#timeout} ms` });
      else pass(0, null);
    });
    this.#waiting.add(raw);
    if (raw instanceof SlabSocket) raw.onBytes(onData);
    else raw.on('data', onData);
    raw.on('end', onEnd).on('error', onError).on('close', onClose);
    raw.resume();
  }

  /** Gives up those that are being read. */
  close(): void {
    this.#closing = true;
    for (const raw of this.#waiting) raw.destroy();
  }
}

function unread(raw: Socket, bytes: Buffer): void {
  if (raw instanceof SlabSocket) raw.unread(bytes);
  else raw.unshift(bytes);
}

function requireHeader(octets: Buffer): Verdict {
  const found = findProxyHeader(octets);
  switch (found.kind) {
    case 'more':
      return 'more';
    case 'none':
      return { reason: 'proxy_header_invalid', detail: found.detail };
    case 'header':
      return found;
  }
}

function refuseHeader(octets: Buffer): Verdict {
  const begins = beginsAsProxyHeader(octets);
  if (begins === null) return 'more';
  return begins ? { reason: 'proxy_header_forbidden', detail: '' } : NO_HEADER;
}
