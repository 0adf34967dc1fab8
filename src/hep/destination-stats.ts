import type { SpoolStats } from './spool.js';
import type { TransportName } from './transport.js';

/**
 * What became of the packets: offered = sent + dropped + failed + queuePackets + spool.packets, and of those
 * sent `sent - maybe <= received <= sent` (over UDP the network may lose more). What an earlier run left in the spool is
 * offered too.
 */
export interface DestinationStats {
  readonly name: string;
  readonly transport: TransportName;
  /** Handed to the kernel (UDP) or to the connection's socket. */
  readonly sent: number;
  /** Given up before that: the queue was full, over hep_max_rate, tracing was switched off, or msrptap stopped. */
  readonly dropped: number;
  /** Of those dropped: messages over hep_max_rate. */
  readonly thinned: number;
  /** Refused by the kernel, or not possible as a HEP packet. */
  readonly failed: number;
  /** Of those sent: written to a connection that ended before they surely arrived (UDP: refused). Not sent again. */
  readonly maybe: number;
  readonly queueBytes: number;
  readonly queuePackets: number;
  /** 1 while there is a connection; for UDP, once its address is known. */
  readonly connected: 0 | 1;
  /** null: there is none. */
  readonly spool: SpoolStats | null;
}

/** What a destination has counted: of its name, so that one which is replaced by another goes on counting. */
export interface DestinationCounts {
  sent: number;
  dropped: number;
  failed: number;
  maybe: number;
  thinned: number;
}

export function noCounts(): DestinationCounts {
  return { sent: 0, dropped: 0, failed: 0, maybe: 0, thinned: 0 };
}
