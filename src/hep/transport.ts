import type { PeerCertificate, SecureContextOptions } from 'node:tls';
import type { Endpoint } from '../lib/address.js';
import { messageOf } from '../lib/errors.js';
import type { Batch } from './queue.js';

export type TransportName = 'udp' | 'tcp' | 'tls';

export type TlsOptions = SecureContextOptions & {
  /** The name to ask for and to expect, in place of the host. */
  servername?: string;
  rejectUnauthorized?: boolean;
  /** What is to hold of the certificate when its chain is good. Default: that it is for the host. */
  checkServer?: (host: string, certificate: PeerCertificate) => Error | undefined;
};

/** A HEP receiver: a hep_id of the configuration. */
export interface DestinationConfig {
  readonly name: string;
  /** A name or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: TransportName;
  /** Called for each connection over TLS, with the address it is made to; so new certificates are used from then on. */
  readonly tls?: (address: Endpoint) => TlsOptions;
}

/** What carries packets to one receiver. Once opened it comes back by itself until it is closed. */
export interface Transport {
  /** Whether it takes packets now. What it took it never gives back. */
  readonly ready: boolean;
  readonly connected: boolean;
  /** False while it waits for the next attempt: nothing can go out soon. */
  readonly reachable: boolean;
  /** Whether all it took has left this process. */
  readonly idle: boolean;
  /** Taken, and not yet reported as sent or failed. */
  readonly pending: { readonly bytes: number; readonly packets: number };
  /** Once, before anything else. */
  open(): void;
  /** Only while ready. @returns whether it holds the bytes: they belong to it from then on, and not only for the call */
  send(batch: Batch): boolean;
  /** Ends it for good. Resolves, never rejects. */
  close(): Promise<void>;
}

/** What a transport tells its destination. */
export interface TransportEvents {
  up(address: Endpoint): void;
  /** What was up ended; of the packets reported as sent, `maybe` may not have arrived. */
  down(reason: string, maybe: number): void;
  /** An attempt failed; another follows. */
  unreachable(reason: string): void;
  /** ready, reachable or idle may have changed. */
  progress(): void;
  sent(packets: number): void;
  failed(packets: number, reason: string): void;
  /** Packets that were reported as sent did not arrive. */
  lost(packets: number, reason: string): void;
}

/** What went wrong, for the log. A connect that tried several addresses fails with a code and no message. */
export function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (message !== '' || !(error instanceof Error)) return message;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
